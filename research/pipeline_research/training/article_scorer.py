"""Train the scorer of segments: trees that judge which segments of a page belong to its article."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import lightgbm
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.text.page.segment_features import FEATURES
from pipeline_research.evaluation.corpora import is_kept_publisher
from pipeline_research.training.article_pages import EMPTIED, ArticlePage
from pipeline_research.training.forest_export import ForestArrays, export_forest

__all__ = ["ScorerTraining", "fit_scorer", "fold_of", "predict_unseen", "split_kept"]

Floats = NDArray[np.float32]
Booster = Any


class ScorerTraining(Struct, frozen=True, kw_only=True):
    """How the scorer is trained; chosen by cross-validation over publishers."""

    rounds: int = 140
    """Trees of each of the two forests."""
    depth: int = 6
    """Levels of a tree."""
    leaves: int = 24
    learning_rate: float = 0.08
    min_rows: int = 30
    """Segments in a leaf."""
    feature_share: float = 0.4
    """Features that a tree may use."""
    page_share: float = 0.8
    """Segments that a tree is made from."""
    link_share: float = 0.8
    """Segments with more of their text in links, outside the article and the rules' text, are half of all and alike."""
    links_one_in: int = 4
    """Of these one in so many is learned from, with so many times its weight."""
    ridge: float = 2.0
    width_power: float = 0.75
    """A segment weighs as much as this power of its width; all pages of a corpus weigh the same."""
    source_weights: tuple[tuple[str, float], ...] = (
        ("fundus_pages", 3.0),
        ("article_extraction_benchmark", 0.3),
        ("plain copies", 0.4),
    )
    """How often a page of a corpus counts. The gold texts of the first are made by its publishers' own rules; those of
    the second leave out leads and many lists."""
    folds: int = 5
    seed: int = 7
    threads: int = 1


BLIND = tuple(place for place, name in enumerate(FEATURES) if "verdict" in name or name == "lead")
"""Features that tell what the rules found. One of two forests does not see them, so that it differs from the rules."""
_WIDTH = FEATURES.index("width")
_LINK_SHARE = FEATURES.index("link_share")
_VERDICT = FEATURES.index("verdict")


def fold_of(publisher: str, folds: int) -> int:
    """Return the fold of a publisher: all of its pages are in one."""
    return int(hashlib.sha256(f"fold {publisher}".encode()).hexdigest()[:8], 16) % folds


def split_kept(pages: Sequence[ArticlePage]) -> tuple[list[ArticlePage], list[ArticlePage]]:
    """Return the pages to learn from, and the pages of kept publishers, of which none is learned from."""
    kept = {page.publisher for page in pages if page.source == "fundus_pages" and is_kept_publisher(page.publisher)}
    learned = [page for page in pages if page.publisher not in kept]
    return learned, [page for page in pages if page.publisher in kept]


def fit_scorer(pages: Sequence[ArticlePage], training: ScorerTraining) -> ForestArrays:
    """Train on pages that were not emptied; return a forest of two halves.

    The margins of each half are halved, so that their sum is the mean.
    """
    pages = [page for page in pages if page.source != EMPTIED]
    halves = []
    for blind in ((), BLIND):
        booster = _fit(pages, training, blind)
        features, thresholds, leaves = export_forest(booster, training.depth)
        halves.append((features, thresholds, leaves / 2))
    first, second = halves
    return (
        np.concatenate((first[0], second[0])),
        np.concatenate((first[1], second[1])),
        np.concatenate((first[2], second[2])),
    )


def predict_unseen(
    pages: Sequence[ArticlePage],
    training: ScorerTraining,
    judge: Callable[[ForestArrays, Floats], Floats],
    log_line: Callable[[str], None],
) -> list[Floats]:
    """Return the probabilities of each page's segments by trees that saw no page of its publisher."""
    found: list[Floats] = [np.zeros(0, np.float32)] * len(pages)
    for fold in range(training.folds):
        kept = {place for place, page in enumerate(pages) if fold_of(page.publisher, training.folds) == fold}
        forest = fit_scorer([page for place, page in enumerate(pages) if place not in kept], training)
        for place in kept:
            found[place] = judge(forest, pages[place].features)
        log_line(f"fold {fold + 1} of {training.folds}: {len(kept)} pages of publishers not seen")
    return found


def _fit(pages: Sequence[ArticlePage], training: ScorerTraining, blind: Sequence[int]) -> Booster:
    rows = np.concatenate([page.features for page in pages])
    labels = np.concatenate([page.labels for page in pages]).astype(np.float32)
    weights = np.concatenate([_weights(page, training) for page in pages])
    plain = (rows[:, _LINK_SHARE] > training.link_share) & (rows[:, _VERDICT] == 0) & (labels == 0)
    numbers = np.cumsum(plain)
    used = ~plain | (numbers % training.links_one_in == 0)
    weights[plain] *= training.links_one_in
    rows, labels, weights = rows[used], labels[used], weights[used]
    rows[:, list(blind)] = 0
    parameters = {
        "objective": "binary",
        "num_leaves": training.leaves,
        "max_depth": training.depth,
        "learning_rate": training.learning_rate,
        "min_data_in_leaf": training.min_rows,
        "feature_fraction": training.feature_share,
        "bagging_fraction": training.page_share,
        "bagging_freq": 1,
        "lambda_l2": training.ridge,
        "max_bin": 63,
        "use_missing": False,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": training.threads,
        "seed": training.seed,
        "verbose": -1,
    }
    return lightgbm.train(parameters, lightgbm.Dataset(rows, label=labels, weight=weights), training.rounds)


def _weights(page: ArticlePage, training: ScorerTraining) -> NDArray[np.float64]:
    width = np.expm1(page.features[:, _WIDTH].astype(np.float64)) ** training.width_power
    weights: NDArray[np.float64] = (
        100 * dict(training.source_weights).get(page.source, 1.0) * width / width.sum() * page.counts
    )
    return weights
