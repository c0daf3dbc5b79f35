"""What came out, and how it is held against what went in."""

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
    """Where one raw record ended, by its origin."""

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
        """Where its raw record is."""
        return self.partition, self.offset


def event_outcome(topic: str, record: Any) -> Outcome:
    """Read an event, or an article that was held back."""
    value = orjson.loads(record.value)
    source, dedup = value["provenance"], value["dedup"]
    return Outcome(
        topic,
        source["partition"],
        source["offset"],
        value["id"],
        value["revision"],
        # A version may be related to an earlier one's copy; what counts here is that it passes.
        "unique" if dedup["kind"] == "related" else dedup["kind"],
        source["content_sha256"],
        dedup["canonical_id"],
    )


def dead_outcome(topic: str, record: Any) -> Outcome:
    """Read a dead letter: of a raw record, or of an article between two services, which knows its origin."""
    headers = {name: value.decode() for name, value in record.headers if value is not None}
    reason = headers["news.dlq.reason"]
    if headers["__connect.errors.topic"].endswith(RAW):
        place = int(headers["__connect.errors.partition"]), int(headers["__connect.errors.offset"])
        # Of no value at all there is no hash in the headers.
        digest = headers.get("news.dlq.value-sha256", sha256(b"").hexdigest())
        return Outcome(topic, *place, "", 0, reason, digest, "")
    article = orjson.loads(record.value)
    source = article["provenance"]
    return Outcome(topic, source["partition"], source["offset"], article["id"], 0, reason, source["content_sha256"], "")


def read_outcomes(cluster: TestCluster) -> list[Outcome]:
    """Read everything that came out, as a read_committed subscriber."""
    outcomes = [event_outcome(topic, record) for topic in (ENRICHED, DUPLICATES) for record in cluster.read(topic)]
    for stage in cluster.catalogue.stages.values():
        topic = stage.dead_letters.removeprefix(cluster.catalogue.prefix)
        outcomes += [dead_outcome(topic, record) for record in cluster.read(topic)]
    return outcomes


def check_conservation(sent: Sequence[Sent], outcomes: Sequence[Outcome]) -> dict[str, int]:
    """I1, I2, I3, I4: every input exactly once, unchanged; nothing else. Returns what is wrong, all to be 0."""
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
    """Say where what came out is not what must have come of what was issued. Returns differences, none wanted."""
    raw = {(record.partition, record.offset): given(record) for record in cluster.read(RAW)}
    inputs = {place: item for place, item in raw.items() if item is not None}
    expectation = Expectation()
    for record in cluster.read(SIGNATURES):
        note_signature(expectation, record, inputs)
    return differences(expectation, inputs, outcomes)


def note_signature(expectation: Expectation, record: Any, inputs: Mapping[Place, Given]) -> None:
    """Take a record of the log of signatures: which raw record it is about, and no more."""
    value = orjson.loads(record.value)
    _, partition, offset = value["origin"]
    if value["type"] == "void":
        expectation.void((partition, offset))
    else:
        expectation.add((partition, offset), inputs[partition, offset])


def differences(expectation: Expectation, inputs: Mapping[Place, Given], outcomes: Sequence[Outcome]) -> list[str]:
    """Compare what came out with what must have: kind, revision, whose copy it is, one id for one URL."""
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
            wrong.append(f"{place}: {expected.kind} expected, nothing came out")
        elif not expected.allows(found.kind, found.revision, names.get(found.canonical_id, "")):
            wrong.append(
                f"{place}: {expected.kind} {expected.revision} of {sorted(expected.canonicals)} expected, "
                f"{found.kind} {found.revision} of {names.get(found.canonical_id)} came out"
            )
    return [*wrong, *(f"{place}: {found.kind} came out, nothing expected" for place, found in actual.items())]
