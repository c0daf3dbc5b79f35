"""Training of the scorer on small pages: it learns, the same each time, and from no kept publisher."""

import numpy as np
import pytest
from msgspec.structs import replace
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.content import MainText
from pipeline.text.page.forest import Forest
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.segment_features import FEATURES
from pipeline.text.page.segments import Segment, cut_segments
from pipeline_research.evaluation.corpora import is_kept_publisher
from pipeline_research.training.article_pages import ArticlePage
from pipeline_research.training.article_quality import area_under_curve, judge_page
from pipeline_research.training.article_scorer import ScorerTraining, fit_scorer, fold_of, predict_unseen, split_kept
from pipeline_research.training.plain_copies import CopyParams, plain_copy

SMALL = ScorerTraining(rounds=8, depth=3, leaves=6, min_rows=5, folds=3)


def _page(number: int, source: str = "pages") -> ArticlePage:
    """Make a page whose wide segments are the article."""
    chance = np.random.default_rng(number)
    features = chance.normal(size=(40, len(FEATURES))).astype(np.float32)
    features[:, FEATURES.index("width")] = chance.uniform(1, 6, 40)
    labels = features[:, FEATURES.index("width")] > 4
    segments = [Segment(0, f"segment {number} {place} " * 5, 0) for place in range(40)]
    return ArticlePage(
        id=f"page{number}",
        source=source,
        publisher=f"gazette{number}.example",
        language="en",
        gold="\n".join(segment.text for segment, is_in in zip(segments, labels, strict=True) if is_in),
        segments=segments,
        metadata=PageMetadata(),
        title=None,
        main=MainText([], (), None, 0.0, 0.0),
        features=features,
        labels=labels,
        counts=np.ones(40, np.bool_),
    )


def test_the_scorer_learns_and_training_repeats_itself() -> None:
    pages = [_page(number) for number in range(30)]
    first, second = fit_scorer(pages, SMALL), fit_scorer(pages, SMALL)
    assert [part.tobytes() for part in first] == [part.tobytes() for part in second]
    other = _page(99)
    scores = Forest.of(*first).probabilities(other.features)
    assert area_under_curve(scores.astype(np.float64), list(other.labels)) > 0.9
    assert judge_page(other, scores).scored_f1 > judge_page(other, scores).rules_f1 == 0


def test_each_page_is_judged_once_by_trees_that_saw_no_page_of_its_publisher() -> None:
    pages = [replace(_page(number), publisher=f"gazette{number // 2}.example") for number in range(12)]
    asked: list[int] = []

    def judge(forest: object, rows: np.ndarray) -> np.ndarray:
        asked.append(len(rows))
        return np.zeros(len(rows), np.float32)

    found = predict_unseen(pages, SMALL, judge, lambda _: None)
    assert [len(scores) for scores in found] == [40] * 12
    assert len(asked) == 12
    assert fold_of("gazette1.example", 3) == fold_of("gazette1.example", 3) in range(3)


def test_nothing_is_learned_from_kept_publishers() -> None:
    pages = [_page(number, "fundus_pages") for number in range(60)]
    twins = [replace(page, source="pages") for page in pages]
    learned, kept = split_kept([*pages, *twins])
    assert (
        {page.publisher for page in kept}
        == {page.publisher for page in pages if is_kept_publisher(page.publisher)}
        != set()
    )
    assert {page.publisher for page in learned}.isdisjoint(page.publisher for page in kept)


def test_plain_copies_hold_the_article_and_know_their_labels() -> None:
    body = "<p>Menu</p><h1>Pier</h1>" + "".join(f"<p>Paragraph {place} of it.</p>" for place in range(6)) + "<p>End</p>"
    cut = cut_segments(LexborHTMLParser(f"<body>{body}</body>"))
    inside = np.array([False, False, *[True] * 6, False])
    names = [("own", "parent")] * 9
    made = [
        plain_copy(f"page{number}", cut.segments, ["p"] * 9, names, inside, "Pier & sea", CopyParams(one_in=2))
        for number in range(40)
    ]
    copies = [copy for copy in made if copy is not None]
    assert 10 < len(copies) < 30
    for html, labels in copies:
        texts = [segment.text for segment in cut_segments(LexborHTMLParser(html)).segments]
        assert len(texts) == len(labels)
        assert all(text.startswith("Paragraph") == is_in for text, is_in in zip(texts, labels, strict=True))


@pytest.mark.parametrize(("scores", "area"), [([0.9, 0.8, 0.1], 1.0), ([0.1, 0.2, 0.9], 0.0), ([0.5, 0.5, 0.5], 0.5)])
def test_area_under_the_curve(scores: list[float], area: float) -> None:
    assert area_under_curve(np.array(scores), [True, True, False]) == area
