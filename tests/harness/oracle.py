"""Outcomes, and their comparison with the inputs."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson
from msgspec import Struct

from tests.harness.cluster import Sent, TestCluster
from tests.harness.expectation import Expectation, Given, Place, given
from tests.harness.states import CURRENT, States

__all__ = [
    "Outcome",
    "check_conservation",
    "check_states",
    "check_verdicts",
    "dead_outcome",
    "differences",
    "event_outcome",
    "name_of",
    "note_signature",
    "read_outcomes",
    "resent",
]

ENRICHED = "news.articles.enriched.v1"
DUPLICATES = "news.articles.duplicates.v1"
RAW = "news.articles.raw.v1"
SIGNATURES = "news.signatures.v1"
_SENT_AGAIN = "news.replay.source"


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
    promotes_id: str = ""
    event_id: str = ""
    """`ce_id`; empty of a dead letter."""

    @property
    def place(self) -> Place:
        """Partition and offset of the raw record."""
        return self.partition, self.offset


def event_outcome(topic: str, record: Any) -> Outcome:
    """Parse an event or a duplicate."""
    value = orjson.loads(record.value)
    source, dedup = value["provenance"], value["dedup"]
    headers = dict(record.headers)
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
        dedup.get("promotes_id", ""),
        headers["ce_id"].decode(),
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


def resent(cluster: TestCluster) -> set[Place]:
    """Return the places of raw records that the pipeline itself sent again, because copies are promoted."""
    return {(one.partition, one.offset) for one in cluster.read(RAW) if _SENT_AGAIN in dict(one.headers)}


def check_conservation(
    sent: Sequence[Sent], outcomes: Sequence[Outcome], again: Collection[Place] = ()
) -> dict[str, int]:
    """Check I1, I3 and I4: one outcome for every input, and no other. Return counts of violations, which must be 0.

    Args:
        sent: The inputs.
        outcomes: All outcomes.
        again: Places of raw records that the pipeline itself sent again, as `resent` returns them.
    """
    issued = {(record.partition, record.offset) for record in sent} | set(again)
    seen = Counter((outcome.partition, outcome.offset) for outcome in outcomes)
    enriched = Counter((o.article_id, o.revision) for o in outcomes if o.where == ENRICHED)
    return {
        "lost": len(issued - seen.keys()),
        "doubled": sum(count - 1 for count in seen.values()),
        "invented": len(seen.keys() - issued),
        "same id and revision": sum(count - 1 for count in enriched.values()),
    }


def check_states(cluster: TestCluster) -> dict[str, int]:
    """Check I12 against the events and duplicates; return counts of violations, which must be 0 in exactly_once."""
    states = States()
    for topic in (ENRICHED, DUPLICATES):
        for record in cluster.read(topic):
            states.add_event(record)
    for record in cluster.read(CURRENT):
        states.add_state(record)
    return {"wrong states": states.wrong, "repeated states": states.repeated}


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
    if value["type"] == "activate":
        expectation.activate(value["fold_version"])
        return
    _, partition, offset = value["origin"]
    if value["type"] == "void":
        expectation.void((partition, offset))
    else:
        expectation.add((partition, offset), inputs[partition, offset])


def name_of(canonical_id: str, names: Mapping[str, str]) -> str:
    """Return what the oracle calls a canonical article, given the URL of each id."""
    article, _, revision = canonical_id.rpartition("-")
    return names.get(canonical_id) or (f"{names[article]}#{revision}" if article in names else "")


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
            continue
        promotes = names.get(found.promotes_id, found.promotes_id)
        if not expected.allows(found.kind, found.revision, name_of(found.canonical_id, names), promotes):
            wrong.append(
                f"{place}: {expected} expected, {found.kind} {found.revision} of {name_of(found.canonical_id, names)}, "
                f"which promotes {promotes or 'nothing'}, found"
            )
    wrong += [f"{url}: a copy was to be published and did not come back" for url in expectation.promised()]
    return [*wrong, *(f"{place}: {found.kind} found, no outcome expected" for place, found in actual.items())]
