"""Train the model that distinguishes close languages: one logistic regression per group over the n-grams present."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import optimize, sparse, special

from pipeline.models.close_languages import present_buckets
from pipeline.models.scripts import code_points, profile

__all__ = ["GROUPS", "CloseLanguagesTraining", "train_close_languages"]

GROUPS: Final = (("bs", "hr", "sr"), ("rn", "rw"))
"""Groups of languages that only this model distinguishes well; for da/nb/nn, id/ms and xh/zu it did not help."""

_FOLDS: Final = 5
"""One sentence in five is left out to calibrate the confidence."""

Floats = NDArray[np.float64]


class CloseLanguagesTraining(Struct, frozen=True):
    """Sizes and rates, chosen by leaving out a fifth of what is learned from."""

    bits: int = 16
    joins: int = 600  # texts of several sentences, per language and source: articles are not sentences
    most_joined: int = 9  # sentences, a thousand characters
    penalty: float = 1.0  # on the squared weights
    steps: int = 200  # of the optimiser, at most
    seed: int = 7


def train_close_languages(
    sources: Sequence[Mapping[str, Sequence[str]]], training: CloseLanguagesTraining
) -> dict[str, NDArray[Any]]:
    """Return the arrays of the model, learned from sources of tag → sentences.

    A source is used for a group only if it has all of its languages, because otherwise the model would learn the source
    instead of the language. A group that no source has is left out.
    """
    groups = [group for group in GROUPS if any(all(map(source.get, group)) for source in sources)]
    labels = [tag for group in groups for tag in group]
    table = np.zeros((1 << training.bits, len(labels)))
    bias, sharpness = np.zeros(len(labels)), np.zeros((len(labels), 2))
    for group in groups:
        columns = [labels.index(tag) for tag in group]
        usable = [{tag: _in_latin(source[tag]) for tag in group} for source in sources if all(map(source.get, group))]
        table[:, columns], bias[columns] = _fit(*_texts(group, usable, training), len(group), training)
        sharpness[columns] = _sharpness(group, usable, training)
    steps = np.maximum(np.abs(table).max(axis=0), 1e-9) / 127
    return {
        "close_languages_labels": np.array(labels),
        "close_languages_groups": np.array([number for number, group in enumerate(groups) for _ in group], np.int8),
        "close_languages_table": np.rint(table / steps).astype(np.int8),
        "close_languages_steps": steps.astype(np.float32),
        "close_languages_bias": bias.astype(np.float32),
        "close_languages_sharpness": sharpness.astype(np.float32),
    }


def _in_latin(texts: Sequence[str]) -> list[str]:
    """Return the texts in Latin script: Serbian is written in both, and Cyrillic alone identifies it."""
    return [text for text in texts if profile(code_points(text)).script == "Latn"]


def _texts(
    group: Sequence[str], sources: Sequence[Mapping[str, Sequence[str]]], training: CloseLanguagesTraining
) -> tuple[Any, NDArray[np.intp]]:
    """Return sentences and joins of sentences of one source as features, and the numbers of their languages."""
    rng = random.Random(training.seed)  # noqa: S311  no secrets
    texts, truth = [], []
    for source in sources:
        for number, tag in enumerate(group):
            sentences = list(source[tag])
            joins = [
                " ".join(rng.sample(sentences, min(len(sentences), rng.randint(2, training.most_joined))))
                for _ in range(training.joins)
            ]
            texts += sentences + joins
            truth += [number] * (len(sentences) + len(joins))
    return _presence(texts, training.bits), np.array(truth, dtype=np.intp)


def _sharpness(
    group: Sequence[str], sources: Sequence[Mapping[str, Sequence[str]]], training: CloseLanguagesTraining
) -> Floats:
    """Return by how much what is learned must be sharpened to be as sure as it is right, on sentences left out.

    Two numbers, of the logarithm: one for all texts, and what the logarithm of the number of n-grams adds.
    """
    kept = [{tag: [t for i, t in enumerate(source[tag]) if i % _FOLDS] for tag in group} for source in sources]
    left = [{tag: source[tag][::_FOLDS] for tag in group} for source in sources]
    weights, bias = _fit(*_texts(group, kept, training), len(group), training)
    features, truth = _texts(group, left, training)
    logits, sizes = features @ weights + bias, np.log(np.diff(features.indptr))

    def loss(pair: Floats) -> float:
        sharp = logits * np.exp(pair[0] + pair[1] * sizes)[:, None]
        return float((special.logsumexp(sharp, axis=1) - sharp[np.arange(len(truth)), truth]).sum())

    found: Floats = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead").x
    return found


def _presence(texts: Sequence[str], bits: int) -> Any:
    """Return which buckets each text has, its row of length one (texts × buckets, sparse)."""
    rows = [present_buckets(code_points(text), bits) for text in texts]
    starts = np.cumsum([0, *(row.size for row in rows)])
    values = np.concatenate([np.full(row.size, 1 / np.sqrt(max(1, row.size))) for row in rows])
    return sparse.csr_matrix((values, np.concatenate(rows), starts), shape=(len(texts), 1 << bits))


def _fit(
    features: Any, truth: NDArray[np.intp], classes: int, training: CloseLanguagesTraining
) -> tuple[Floats, Floats]:
    """Return weights (buckets × classes) and bias of the penalised softmax."""
    buckets, rows = features.shape[1], np.arange(len(truth))

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, bias = flat[:-classes].reshape(buckets, classes), flat[-classes:]
        logits = features @ weights + bias
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        sums = odds.sum(axis=1, keepdims=True)
        value = float((np.log(sums[:, 0]) - logits[rows, truth]).sum())
        odds /= sums
        odds[rows, truth] -= 1
        slope = features.T @ odds + training.penalty * weights
        value += 0.5 * training.penalty * float((weights**2).sum())
        return value, np.concatenate((slope.ravel(), odds.sum(axis=0)))

    start = np.zeros(buckets * classes + classes)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": training.steps})
    return found.x[:-classes].reshape(buckets, classes), found.x[-classes:]
