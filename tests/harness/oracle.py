"""What must have come out, computed without the pipeline's own fold: a plain reading of DESIGN's rules over the log.

Only for issued articles, which are never near-duplicates by chance: exact copies, repeats and revisions.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import orjson
from msgspec import Struct

from tests.harness.cluster import Sent, TestCluster

__all__ = [
    "Outcome",
    "check_conservation",
    "check_verdicts",
    "dead_outcome",
    "event_outcome",
    "fold",
    "read_outcomes",
]

ENRICHED = "news.articles.enriched.v1"
DUPLICATES = "news.articles.duplicates.v1"
RAW = "news.articles.raw.v1"


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
    """Fold the signature log by the plain rules and compare with what came out. Returns differences, none wanted."""
    expected = fold(orjson.loads(record.value) for record in cluster.read("news.signatures.v1"))
    actual = {(o.partition, o.offset): o for o in outcomes if o.where in (ENRICHED, DUPLICATES)}
    differences = []
    for origin, (kind, revision, canonical) in expected.items():
        found = actual.get(origin)
        if found is None:
            differences.append(f"{origin}: {kind} expected, nothing came out")
        elif (found.kind, found.revision, found.canonical_id) != (kind, revision, canonical):
            differences.append(f"{origin}: {(kind, revision)} expected, {(found.kind, found.revision)} came out")
    if len(expected) != len(actual):
        differences.append(f"{len(expected)} verdicts expected, {len(actual)} came out")
    return differences


def fold(log: Iterable[Any]) -> dict[tuple[int, int], tuple[str, int, str]]:
    """Return (kind, revision, canonical) by origin. An article that died after its verdict (`void`) has none."""
    verdicts: dict[tuple[int, int], tuple[str, int, str]] = {}
    newest: dict[str, tuple[str, int]] = {}
    passed: set[str] = set()
    canonical_of_text: dict[str, str] = {}
    canonical_of_article: dict[str, str] = defaultdict(str)
    died: set[tuple[int, int]] = set()
    for signature in log:
        _, partition, offset = signature["origin"]
        if signature["type"] == "void":
            died.add((partition, offset))
            article = signature["article_id"]
            passed.discard(article)
            canonical_of_text = {text: first for text, first in canonical_of_text.items() if first != article}
            continue
        assert signature["type"] == "signature"
        if (partition, offset) in verdicts:
            continue
        article, content, text = signature["article_id"], signature["content_hash"], signature["text_hash"]
        known = newest.get(article)
        first = canonical_of_text.get(text)
        if known is not None and known[0] == content:
            verdict = ("repeat", known[1], canonical_of_article[article])
        elif known is not None and article in passed:
            verdict = ("revision", known[1] + 1, article)
        elif first is not None:
            verdict = ("exact", (known[1] if known else 0) + 1, first)
        else:
            verdict = ("unique", (known[1] if known else 0) + 1, article)
        if verdict[0] in ("unique", "revision"):
            passed.add(article)
            canonical_of_text.setdefault(text, article)
        if verdict[0] != "repeat":
            newest[article] = (content, verdict[1])
            canonical_of_article[article] = verdict[2]
        verdicts[partition, offset] = verdict
    return {place: verdict for place, verdict in verdicts.items() if place not in died}
