"""Train what judges texts of pages: whether the scorer would find a better one, and whether a text is wrong."""

from collections.abc import Callable, Sequence
from typing import Any

import lightgbm
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pipeline.text.page.article_scorer import Logistic
from pipeline.text.page.content import MainText
from pipeline.text.page.page_signals import scored_signals, text_signals
from pipeline.text.page.scored_text import choose_segments, text_of
from pipeline_research.evaluation.scoring import text_f1
from pipeline_research.training.article_pages import COPIES, EMPTIED, ArticlePage
from pipeline_research.training.article_scorer import fold_of
from pipeline_research.training.forest_export import ForestArrays, export_forest

__all__ = [
    "JudgedPage",
    "QualityTraining",
    "area_under_curve",
    "fit_doubt",
    "fit_gain",
    "judge_page",
    "predict_unseen_pages",
]

Floats = NDArray[np.float32]


class QualityTraining(Struct, frozen=True, kw_only=True):
    """How the judges of texts are trained; set by cross-validation over publishers."""

    wrong_below: float = 0.8
    """A text with a smaller F1 is wrong."""
    min_gain: float = 0.01
    """The scorer's text is better if its F1 is greater by this."""
    rounds: int = 60
    """Trees of the forest that predicts the gain."""
    depth: int = 4
    leaves: int = 10
    learning_rate: float = 0.05
    min_rows: int = 12
    feature_share: float = 0.5
    ridge: float = 5.0
    doubt_freedom: float = 0.07
    """Inverse strength of regularisation of the logistic regressions, on standardised signals."""
    doubt_steps: int = 3000
    copy_weight: float = 0.05
    """Of a plain copy, which has none of the signals that metadata give; a page counts one."""
    emptied_weight: float = 0.1
    """Of a page whose article was taken out: all texts of it are wrong, and in the wild such pages are few."""
    folds: int = 5
    seed: int = 7


class JudgedPage(Struct, frozen=True):
    """The texts of rules and scorer for one page, by a scorer that did not see its publisher."""

    publisher: str
    source: str
    language: str
    rules_f1: float
    scored_f1: float
    rules_signals: Floats
    scored_signals: Floats


def judge_page(page: ArticlePage, probabilities: Floats) -> JudgedPage:
    """Make both texts of a page and compare them with the text that is right."""
    chosen = choose_segments(probabilities, page.features)
    scored = text_of(page.segments, chosen, page.main)
    return JudgedPage(
        publisher=page.publisher,
        source=page.source,
        language=page.language,
        rules_f1=text_f1(page.gold, _text(page.main)),
        scored_f1=text_f1(page.gold, _text(scored)),
        rules_signals=text_signals(page.main, page.metadata, page.title),
        scored_signals=scored_signals(text_signals(scored, page.metadata, page.title), chosen),
    )


def fit_gain(signals: Sequence[Floats], outcomes: Sequence[bool], training: QualityTraining) -> ForestArrays:
    """Train a forest that predicts by the signals of the rules' texts whether the scorer's are better."""
    parameters: dict[str, Any] = {
        "objective": "binary",
        "num_leaves": training.leaves,
        "max_depth": training.depth,
        "learning_rate": training.learning_rate,
        "min_data_in_leaf": training.min_rows,
        "feature_fraction": training.feature_share,
        "lambda_l2": training.ridge,
        "use_missing": False,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": training.seed,
        "verbose": -1,
    }
    data = lightgbm.Dataset(np.stack(signals), label=np.array(outcomes, np.float32))
    return export_forest(lightgbm.train(parameters, data, training.rounds), training.depth)


def fit_doubt(
    pages: Sequence[JudgedPage], signals: Sequence[Floats], outcomes: Sequence[bool], training: QualityTraining
) -> Logistic:
    """Train a logistic regression that predicts by signals of texts whether they are wrong.

    Wrong texts are few, some dozens, so that a line predicts other publishers' better than trees do.
    """
    known = {COPIES: training.copy_weight, EMPTIED: training.emptied_weight}
    weights = [known.get(page.source, 1.0) for page in pages]
    rows = np.stack(signals).astype(np.float64)
    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale == 0] = 1
    line = LogisticRegression(C=training.doubt_freedom, max_iter=training.doubt_steps)
    line.fit((rows - centre) / scale, np.array(outcomes, np.int64), sample_weight=weights)
    slopes = line.coef_[0] / scale
    return Logistic(slopes.astype(np.float32), float(line.intercept_[0] - slopes @ centre))


def predict_unseen_pages(
    pages: Sequence[JudgedPage],
    signals: Sequence[Floats],
    learn: Callable[[Sequence[int]], Callable[[Floats], float]],
    folds: int,
) -> NDArray[np.float64]:
    """Return what a model says of pages whose publishers it did not see: [pages].

    Args:
        pages: All pages.
        signals: Of each page.
        learn: Makes a model from the pages at given places.
        folds: Parts into which publishers are split.
    """
    parts = np.array([fold_of(page.publisher, folds) for page in pages])
    found = np.zeros(len(pages))
    for fold in range(folds):
        model = learn([int(place) for place in np.flatnonzero(parts != fold)])
        for place in map(int, np.flatnonzero(parts == fold)):
            found[place] = model(signals[place])
    return found


def area_under_curve(scores: NDArray[np.float64], outcomes: Sequence[bool]) -> float:
    """Return the probability that a page with the outcome has a higher score than one without it."""
    wanted = np.array(outcomes, np.bool_)
    higher = scores[wanted][:, None] - scores[~wanted][None, :]
    return float((higher > 0).mean() + (higher == 0).mean() / 2)


def _text(main: MainText) -> str:
    lead = [main.lead] if main.lead is not None and main.lead not in main.lines else []
    return "\n".join([*lead, *main.lines])
