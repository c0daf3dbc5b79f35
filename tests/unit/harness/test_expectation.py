"""The oracle of the fault suite describes what was issued, and the pipeline's own stages and fold agree with it."""

import random
from collections import Counter

import orjson
import pytest
from msgspec import Struct
from msgspec.structs import replace

from pipeline.assembly import build_fold
from pipeline.domain.outcome import Emit
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import Activate, Signature, Void
from pipeline.stages.ingest import IngestStage
from tests.harness.expectation import Expectation, Given, given
from tests.harness.issuer import CANARY, Relation, issue
from tests.harness.oracle import name_of

EXPECTED_KIND: dict[Relation, str] = {
    "new": "unique",
    "copy": "exact",
    "near": "near",
    "repeat": "repeat",
    "revision": "revision",
    "stale": "stale",
    "retraction": "retraction",
    "retracted copy": "unknown_article",
}
COUNT = 2000
ARRIVED_MS = 1_800_000_000_000  # after it was fetched


class Raw(Struct, frozen=True):
    """A raw record, as far as it matters."""

    value: bytes
    timestamp: int = ARRIVED_MS


def test_in_the_order_of_issue_every_kind_is_the_relation() -> None:
    expectation = Expectation()
    issued = list(issue(COUNT, seed=3))
    for item in issued:
        found = given(Raw(item.value))
        assert found is not None
        expectation.add((0, item.number), found)
    expected = dict(expectation.verdicts())
    urls = {item.number: item.url for item in issued}
    assert {item.relation for item in issued} == EXPECTED_KIND.keys()
    for item in issued:
        verdict = expected[0, item.number]
        assert verdict.kind == EXPECTED_KIND[item.relation], item
        if item.relation in ("copy", "near"):
            assert verdict.canonicals == {urls[item.of or 0]}


def test_of_articles_that_share_equally_much_any_may_be_the_one_it_counts_as() -> None:
    """A near copy that overtook the revision it was made of shares as much with a second copy as the revision does."""
    old, new = [f"old {n}" for n in range(6)], [f"new {n}" for n in range(6)]
    expectation = Expectation()
    for offset, (url, paragraphs) in enumerate(
        [
            ("https://a.example/1", old),
            ("https://b.example/1", [*new, "added by b"]),
            ("https://a.example/1", [*new[:4], *old[4:]]),
            ("https://c.example/1", [*new[:4], "added by c"]),
        ]
    ):
        value = orjson.dumps({"url": url, "title": "T", "text": "\n\n".join(paragraphs)})
        found = given(Raw(value, ARRIVED_MS + offset))
        assert found is not None
        expectation.add((0, offset), found)
    expected = expectation.of((0, 3))
    assert expected.allows("near", 1, "https://a.example/1")
    assert expected.allows("near", 1, "https://b.example/1")
    assert not expected.allows("near", 1, "https://c.example/1")
    assert not expected.allows("near", 2, "https://a.example/1")
    assert not expected.allows("exact", 1, "https://a.example/1")


def test_every_text_has_the_word_that_must_not_be_logged() -> None:
    assert all(CANARY.encode() in item.value.lower() for item in issue(500, seed=4) if "retract" not in item.relation)


@pytest.mark.parametrize(("version", "seed"), [(1, 11), (1, 12), (1, 13), (2, 14), (2, 15), (2, 16), (2, 17), (2, 18)])
def test_the_pipeline_decides_as_expected_in_any_order(version: int, seed: int) -> None:
    """Partitions overtake each other, articles keep their order, some die, and promoted copies come back."""
    signatures, raws = _signed(seed)
    rng = random.Random(seed)
    lanes: dict[str, list[Signature]] = {}
    for signature in signatures:
        lanes.setdefault(signature.article_id, []).append(signature)
    places = sorted((n + rng.uniform(0, 300), s.article_id) for n, s in enumerate(signatures))
    fold, expectation = build_fold(near_window_secs=259_200, exact_window_secs=604_800), Expectation(version)
    fold.apply(Activate(fold_version=version, signature_version=1), 0)
    names: dict[str, str] = {s.article_id: raws[s.origin.offset].url for s in signatures}
    by_origin = {s.origin: s for s in signatures}
    seen: Counter[str] = Counter()
    while places:
        signature = lanes[places.pop(0)[1]].pop(0)
        article, place = signature.article_id, (signature.origin.partition, signature.origin.offset)
        verdict = fold.apply(signature, signature.ingested_at_ms)
        assert verdict is not None
        expectation.add(place, raws[place[1]])
        kind = "unique" if verdict.kind == "related" else verdict.kind
        promotes = "" if verdict.promotes is None else names[verdict.promotes.article_id]
        found = kind, verdict.revision, name_of(verdict.canonical_id, names), promotes
        assert expectation.of(place).allows(*found), (place, expectation.of(place), found)
        seen[kind] += 1
        if kind == "unique" and rng.random() < 0.02 and not lanes[article]:
            fold.apply(Void(article_id=signature.article_id, origin=signature.origin), signature.ingested_at_ms)
            expectation.void(place)
        if verdict.promotes is not None:  # its raw record is sent again, and comes behind some others
            offset = len(raws) + COUNT
            raws[offset] = raws[verdict.promotes.origin.offset]
            again = replace(by_origin[verdict.promotes.origin], origin=Origin("", 0, offset))
            by_origin[again.origin] = again
            lanes[again.article_id].append(again)
            places.insert(rng.randrange(min(60, len(places) + 1)), (0.0, again.article_id))
    assert not expectation.promised()
    kinds = set(EXPECTED_KIND.values())
    assert seen.keys() >= kinds if version == 1 else kinds - {"unknown_article"} | {"promoted", "retracted_copy"}


def _signed(seed: int) -> tuple[list[Signature], dict[int, Given]]:
    records = [
        Record("news.articles.raw.v1", 0, item.number, ARRIVED_MS, None, item.value) for item in issue(COUNT, seed=seed)
    ]
    outcomes = IngestStage().process(records)
    assert all(isinstance(outcome, Emit) for outcome in outcomes)
    raws = {record.offset: found for record in records if (found := given(Raw(record.value or b""))) is not None}
    return [outcome.value.signature for outcome in outcomes if isinstance(outcome, Emit)], raws
