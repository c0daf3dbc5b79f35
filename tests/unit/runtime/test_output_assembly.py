"""From results to output records: which articles died after their verdict."""

import pytest

from pipeline.domain.article import Article, Provenance, Quality
from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.outcome import Emit, Outcome, Reject
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.runtime.output_assembly import died_after_verdict
from pipeline.stages.counts import Result
from pipeline.wire.codec import encode

REJECT = Reject("unexpected", "a bug")
VERDICT = Verdict(
    origin=Origin("", 0, 1),
    article_id=ArticleId("a"),
    kind="unique",
    revision=1,
    cluster_id=cluster_id(ArticleId("a")),
    canonical_id=ArticleId("a"),
    canonical_at_ms=0,
    method="new",
    window_secs=1,
)


def _article(verdict: Verdict | None) -> Article:
    name = ArticleId("a")
    return Article(
        id=name,
        ingested_at="2026-11-23T00:00:00.000Z",
        quality=Quality(score=1.0),
        provenance=Provenance(topic="t", partition=0, offset=1, content_sha256=""),
        signature=Signature(version=1, article_id=name, origin=Origin("", 0, 1), ingested_at_ms=7, observed_at_ms=7),
        verdict=verdict,
    )


def _record(value: bytes | None) -> Record:
    return Record("t", 0, 1, 5, b"a", value)


@pytest.mark.parametrize(
    ("stage", "outcome", "dies"),
    [
        ("ingest", REJECT, False),
        ("dedupe", REJECT, True),
        ("publish", REJECT, True),
        ("publish", Emit("x"), False),
    ],
)
def test_only_a_reject_from_dedupe_on_is_a_death(stage: StageName, outcome: Outcome[str], dies: bool) -> None:
    article = _article(None)
    died = died_after_verdict([_record(b"{")], [Result(stage, outcome)], {0: (article, VERDICT)})
    assert died == ({0: (article, VERDICT)} if dies else {})


def test_a_verdict_of_an_earlier_service_comes_from_the_record() -> None:
    judged, fresh = _article(VERDICT), _article(None)
    records = [_record(encode(judged)), _record(encode(fresh)), _record(b"no article"), _record(None)]
    died = died_after_verdict(records, [Result("classify", REJECT)] * 4, {})
    assert died == {0: (judged, VERDICT)}


def test_a_verdict_of_this_service_counts_before_that_of_the_record() -> None:
    here = (_article(None), VERDICT)
    died = died_after_verdict([_record(encode(_article(VERDICT)))], [Result("classify", REJECT)], {0: here})
    assert died[0] is here
