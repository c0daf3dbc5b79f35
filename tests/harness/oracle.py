"""Outcomes, and their comparison with the inputs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson
from msgspec import Struct

from tests.harness.cluster import Sent, TestCluster
from tests.harness.expectation import Expectation, Given, Place, given

__all__ = [
    "Outcome",
    "check_conservation",
    "check_verdicts",
    "dead_outcome",
    "differences",
    "event_outcome",
    "note_signature",
    "read_outcomes",
]

ENRICHED = "news.articles.enriched.v1"
DUPLICATES = "news.articles.duplicates.v1"
RAW = "news.articles.raw.v1"
SIGNATURES = "news.signatures.v1"


class Outcome(Struct, frozen=True):
    """The outcome of one raw record, which partition and offset identify."""

    where: str
    partition: int
    offset: int
    article_id: str
    revision: int
    kind: str
    sha256: str
    canonical_id: str

    @property
    def place(self) -> Place:
        """Partition and offset of the raw record."""
        return self.partition, self.offset


def event_outcome(topic: str, record: Any) -> Outcome:
    """Parse an event or a duplicate."""
    value = orjson.loads(record.value)
    source, dedup = value["provenance"], value["dedup"]
    return Outcome(
        topic,
        source["partition"],
        source["offset"],
        value["id"],
        value["revision"],
        # A related article passes like a unique one; the difference does not matter here.
        "unique" if dedup["kind"] == "related" else dedup["kind"],
        source["content_sha256"],
        dedup["canonical_id"],
    )


def dead_outcome(topic: str, record: Any) -> Outcome:
    """Parse a dead letter: of a raw record, or of an article between two services, which contains its origin."""
    headers = {name: value.decode() for name, value in record.headers if value is not None}
    reason = headers["news.dlq.reason"]
    if headers["__connect.errors.topic"].endswith(RAW):
        place = int(headers["__connect.errors.partition"]), int(headers["__connect.errors.offset"])
        # A record without a value has no hash in the headers.
        digest = headers.get("news.dlq.value-sha256", sha256(b"").hexdigest())
        return Outcome(topic, *place, "", 0, reason, digest, "")
    article = orjson.loads(record.value)
    source = article["provenance"]
    return Outcome(topic, source["partition"], source["offset"], article["id"], 0, reason, source["content_sha256"], "")


def read_outcomes(cluster: TestCluster) -> list[Outcome]:
    """Read all outcomes, as a read_committed subscriber."""
    outcomes = [event_outcome(topic, record) for topic in (ENRICHED, DUPLICATES) for record in cluster.read(topic)]
    for stage in cluster.catalogue.stages.values():
        topic = stage.dead_letters.removeprefix(cluster.catalogue.prefix)
        outcomes += [dead_outcome(topic, record) for record in cluster.read(topic)]
    return outcomes


def check_conservation(sent: Sequence[Sent], outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Check I1, I3 and I4: one outcome for every input, and no other. Return counts of violations, which must be 0."""
    issued = {(record.partition, record.offset) for record in sent}
    seen = Counter((outcome.partition, outcome.offset) for outcome in outcomes)
    enriched = Counter((o.article_id, o.revision) for o in outcomes if o.where == ENRICHED)
    return {
        "lost": len(issued - seen.keys()),
        "doubled": sum(count - 1 for count in seen.values()),
        "invented": len(seen.keys() - issued),
        "same id and revision": sum(count - 1 for count in enriched.values()),
    }


def check_verdicts(cluster: TestCluster, outcomes: Sequence[Outcome]) -> list[str]:
    """Compare outcomes with the expected verdicts; return a line for each difference."""
    raw = {(record.partition, record.offset): given(record) for record in cluster.read(RAW)}
    inputs = {place: item for place, item in raw.items() if item is not None}
    expectation = Expectation()
    for record in cluster.read(SIGNATURES):
        note_signature(expectation, record, inputs)
    return differences(expectation, inputs, outcomes)


def note_signature(expectation: Expectation, record: Any, inputs: Mapping[Place, Given]) -> None:
    """Add a record of the signature log, of which only the origin and the type are used."""
    value = orjson.loads(record.value)
    _, partition, offset = value["origin"]
    if value["type"] == "void":
        expectation.void((partition, offset))
    else:
        expectation.add((partition, offset), inputs[partition, offset])


def differences(expectation: Expectation, inputs: Mapping[Place, Given], outcomes: Sequence[Outcome]) -> list[str]:
    """Compare kind, revision and canonical article with the expected ones, and check that ids match URLs one to one."""
    names = {o.article_id: inputs[place].url for o in outcomes if (place := o.place) in inputs and o.article_id}
    wrong = [
        f"{o.place}: {o.article_id} is the id of two URLs"
        for o in outcomes
        if o.place in inputs and o.article_id and names[o.article_id] != inputs[o.place].url
    ]
    if len(set(names.values())) != len(names):
        wrong.append("a URL has two ids")
    actual = {o.place: o for o in outcomes if o.where in (ENRICHED, DUPLICATES)}
    for place, expected in expectation.verdicts():
        found = actual.pop(place, None)
        if found is None:
            wrong.append(f"{place}: {expected.kind} expected, no outcome found")
        elif not expected.allows(found.kind, found.revision, names.get(found.canonical_id, "")):
            wrong.append(
                f"{place}: {expected.kind} {expected.revision} of {sorted(expected.canonicals)} expected, "
                f"{found.kind} {found.revision} of {names.get(found.canonical_id)} found"
            )
    return [*wrong, *(f"{place}: {found.kind} found, no outcome expected" for place, found in actual.items())]
