"""The classify stage."""

import pytest

from pipeline.domain.article import Article, Language, Provenance, Quality
from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.outcome import Emit
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.subject import TextVector
from pipeline.domain.verdict import Verdict, VerdictKind
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.classifier import SubjectClassifier
from pipeline.models.subjects.fast import FastReader
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.reading import Reading, SubjectInput
from pipeline.models.subjects.taxonomy import CODES
from pipeline.stages.classify import ClassifyParams, ClassifyStage

MATCH = (
    "The striker scored twice and the goalkeeper saved a penalty as the team won the football championship match. "
    "The coach praised his players after the game and said the club would prepare for the next season. Many "
    "fans sang in the stadium while the captain lifted the cup, the first trophy of the team in twenty years."
)


@pytest.fixture(scope="module")
def stage() -> ClassifyStage:
    params = SubjectParams(reader="fast")
    return ClassifyStage(SubjectClassifier(calibration=Calibration.load(), params=params, fast=FastReader.load()))


def _article(**fields: object) -> Article:
    signature = Signature(
        version=1, article_id=ArticleId("a"), origin=Origin("", 0, 0), ingested_at_ms=0, observed_at_ms=0
    )
    base = {
        "id": ArticleId("a"),
        "ingested_at": "2026-01-01T00:00:00.000Z",
        "quality": Quality(score=1.0),
        "provenance": Provenance(topic="t", partition=0, offset=0, content_sha256="0"),
        "signature": signature,
    }
    return Article(**(base | fields))  # type: ignore[arg-type]


def _english(**fields: object) -> Article:
    return _article(language=Language(tag="en", confidence=0.99, reliable=True, method="cld2"), **fields)


@pytest.mark.parametrize(("kind", "is_read"), [("near", True), ("repeat", False), ("stale", False)])
def test_copies_are_read_and_repeats_are_not(stage: ClassifyStage, kind: VerdictKind, is_read: bool) -> None:
    verdict = Verdict(
        origin=Origin("", 0, 0),
        article_id=ArticleId("a"),
        kind=kind,
        revision=1,
        cluster_id=cluster_id(ArticleId("b")),
        canonical_id=ArticleId("b"),
        canonical_at_ms=0,
        method="minhash",
        window_secs=1,
    )
    (outcome,) = stage.process([_english(headline="Team wins final", body=MATCH, verdict=verdict)])
    assert isinstance(outcome, Emit)
    assert [subject.code for subject in outcome.value.subjects][:1] == (["medtop:15000000"] if is_read else [])
    assert outcome.value.subjects_reason is None


def test_every_article_is_emitted_in_order(stage: ClassifyStage) -> None:
    batch = [
        _english(headline="Team wins final", body=MATCH),
        _article(action="retract"),
        _english(headline="Ok"),
        _article(headline="Team wins final", body=MATCH),
        _english(body="qzxv wkjq vbnqz zzxqj qqwzk xvjqz wwqzx"),
        _english(headline="Striker scores twice in cup final"),
    ]
    outcomes = stage.process(batch)
    articles = [outcome.value for outcome in outcomes if isinstance(outcome, Emit)]
    assert [article.subjects[0].code if article.subjects else None for article in articles] == [
        "medtop:15000000",
        None,
        None,
        "medtop:15000000",
        None,
        "medtop:15000000",
    ]
    assert [article.subjects_reason for article in articles] == [
        None,
        None,
        "no_text",
        None,
        "language_unsupported",
        None,
    ]
    assert articles[1] is batch[1]


class _Noting:
    """A reader that notes the languages of the texts it is asked about."""

    name = "encoder"
    version = "noting-1"

    def __init__(self) -> None:
        self.languages: list[str | None] = []

    def read(self, texts: list[SubjectInput]) -> list[Reading | None]:
        self.languages += [item.language for item in texts]
        return [Reading("encoder", (3.0,) + (-9.0,) * (len(CODES) - 1), 40, b"\x07" * 384) for _ in texts]


def _noting(*, vectors: bool = False) -> tuple[ClassifyStage, _Noting]:
    reader = _Noting()
    params = SubjectParams(reader="encoder", vectors=vectors)
    return ClassifyStage(SubjectClassifier(calibration=Calibration.load(), params=params, encoder=reader)), reader  # type: ignore[arg-type]


def test_an_uncertain_language_counts_as_unknown() -> None:
    least = ClassifyParams().min_language_confidence
    stage, reader = _noting()
    stage.process(
        [
            _article(
                headline=MATCH, body=MATCH, language=Language(tag="en", confidence=sure, reliable=False, method="cld2")
            )
            for sure in (least, least - 0.01)
        ]
    )
    assert reader.languages == ["en", None]


@pytest.mark.parametrize("vectors", [False, True])
def test_the_vector_leaves_the_stage_where_it_is_asked_for(*, vectors: bool) -> None:
    stage, _ = _noting(vectors=vectors)
    (outcome,) = stage.process([_english(headline="Team wins final", body=MATCH)])
    assert isinstance(outcome, Emit)
    expected = TextVector(model="noting-1", dimensions=384, values=b"\x07" * 384) if vectors else None
    assert outcome.value.vector == expected
    assert [subject.method for subject in outcome.value.subjects] == ["encoder"]


def test_changes_nothing_else(stage: ClassifyStage) -> None:
    before = _english(
        headline="Parliament votes", body="The government lost a vote in parliament, the minister resigned."
    )
    (outcome,) = stage.process([before])
    assert isinstance(outcome, Emit)
    changed = {name for name in Article.__struct_fields__ if getattr(before, name) != getattr(outcome.value, name)}
    assert changed == {"subjects", "keywords"}


def test_empty_batch(stage: ClassifyStage) -> None:
    assert stage.process([]) == []
