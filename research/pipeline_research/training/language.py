"""Train the second opinion on language and the Han character lists, and write them.

Learns from the train split of SIB-200 (CC BY-SA 4.0). The model of close languages also learns from sentences of the
Leipzig corpora (CC BY 4.0) that are not used for measuring; the dev split is for measuring only.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import sparse

from pipeline.models.cld2 import guess
from pipeline.models.ngrams import buckets
from pipeline.models.scripts import code_points
from pipeline_research.training.adam import Adam
from pipeline_research.training.close_languages import CloseLanguagesTraining, train_close_languages
from pipeline_research.training.familiarity import FamiliarityTraining, train_familiarity
from pipeline_research.training.language_corpora import read_leipzig, read_sentences

__all__ = ["LanguageTraining", "train_language"]

_VERSION: Final = "lang-2026.11.4"
_FEWEST_TRUSTED: Final = 4  # answers above the score

Floats = NDArray[np.float32]
LogLine = Callable[[str], None]


class LanguageTraining(Struct, frozen=True):
    """Sizes and rates, chosen on held-out sentences."""

    bits: int = 17
    dim: int = 24
    epochs: int = 8
    batch: int = 512
    rate: float = 0.01
    seed: int = 7
    trust: float = 0.99  # share right of what CLD2 reliably calls a language, all languages equally frequent
    trust_texts: int = 18  # of a language, needed to decide whether CLD2 is trusted
    distrusted: frozenset[str] = frozenset({"nn"})  # of 1,002 Bokmål sentences, CLD2 alone called 13 Nynorsk
    close_languages: CloseLanguagesTraining = CloseLanguagesTraining()
    familiarity: FamiliarityTraining = FamiliarityTraining()


def train_language(data: Path, output: Path, training: LanguageTraining, log_line: LogLine) -> None:
    """Train and write the weights (npz, no pickle).

    Raises:
        InputError: SIB-200 or the Leipzig sentences cannot be read.
    """
    splits = read_sentences(data)
    found = splits["train"]
    tags = sorted(found)
    rng = random.Random(training.seed)  # noqa: S311  no secrets
    texts, labels = [], []
    for number, tag in enumerate(tags):
        mine = _variants(found[tag], rng)
        texts += mine
        labels += [number] * len(mine)
    log_line(f"{len(tags)} languages, {len(texts)} texts")
    table, weights, bias = _train(_matrix(texts, training.bits), np.array(labels), len(tags), training, log_line)
    step = np.quantile(np.abs(table), 0.9995) / 127
    hans, hant = _han_lists(found)
    trusted = _trusted(found, training)
    log_line(f"CLD2 is trusted with {len(trusted)} languages")
    close_languages = train_close_languages([found, read_leipzig(data)], training.close_languages)
    log_line(f"close languages distinguished: {', '.join(map(str, close_languages['close_languages_labels']))}")
    arrays: dict[str, Any] = {
        "version": np.array(_VERSION),
        "ngram_labels": np.array(tags),
        "ngram_table": np.clip(np.rint(table / step), -127, 127).astype(np.int8),
        "ngram_weights": (weights.T * step).astype(np.float32),
        "ngram_bias": bias.astype(np.float32),
        "cld2_trusted": np.array(list(trusted)),
        "cld2_scores": np.array(list(trusted.values()), np.float32),
        "han_simplified": np.array(hans),
        "han_traditional": np.array(hant),
        **close_languages,
        **train_familiarity(splits, data, training.familiarity),
    }
    np.savez_compressed(output, **arrays)
    log_line(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


def _variants(sentences: Sequence[str], rng: random.Random) -> list[str]:
    """Return whole sentences, crops of 15 to 60 characters, and joins of two or three."""
    out = list(sentences)
    for sentence in sentences:
        width = rng.randint(15, 60)
        start = rng.randrange(max(1, len(sentence) - width))
        out.append(sentence[start : start + width])
    return out + [" ".join(rng.sample(sentences, rng.randint(2, 3))) for _ in range(len(sentences) // 4)]


def _matrix(texts: Sequence[str], bits: int) -> Any:
    """Return the share of each bucket among a text's n-grams, sparse (texts × buckets)."""
    indices, starts, values = [], [0], []
    for text in texts:
        found = buckets(code_points(text), bits)
        numbers, counts = np.unique(found, return_counts=True)
        indices.append(numbers.astype(np.int32))
        values.append((counts / found.size).astype(np.float32))
        starts.append(starts[-1] + numbers.size)
    shape = (len(texts), 1 << bits)
    return sparse.csr_matrix((np.concatenate(values), np.concatenate(indices), np.array(starts)), shape=shape)


def _train(
    features: Any, labels: NDArray[np.intp], classes: int, training: LanguageTraining, log_line: LogLine
) -> tuple[Floats, Floats, Floats]:
    """Learn the table (buckets × dim), the weights (dim × classes) and the bias by softmax."""
    rng = np.random.default_rng(training.seed)
    table = Adam(rng.normal(0, 0.5, (1 << training.bits, training.dim)).astype(np.float32))
    weights = Adam(rng.normal(0, 0.2, (training.dim, classes)).astype(np.float32))
    bias = Adam(np.zeros(classes, np.float32))
    batch = training.batch
    steps, step = training.epochs * (len(labels) // batch), 0
    for epoch in range(training.epochs):
        order, loss = rng.permutation(len(labels)), 0.0
        for first in range(0, len(order) - batch + 1, batch):
            rows = order[first : first + batch]
            x, y = features[rows], labels[rows]
            hidden = np.asarray(x @ table.value)
            logits = hidden @ weights.value + bias.value
            odds = np.exp(logits - logits.max(1, keepdims=True))
            odds /= odds.sum(1, keepdims=True)
            loss -= float(np.log(odds[np.arange(batch), y] + 1e-9).sum())
            odds[np.arange(batch), y] -= 1
            odds /= batch
            rate = training.rate * (1 - step / steps)
            d_hidden = odds @ weights.value.T
            weights.update(hidden.T @ odds, rate)
            bias.update(odds.sum(0), rate)
            # The table's gradient is tiny (a mean over 400 n-grams); Adam does not mind.
            table.update(np.asarray(x.T @ d_hidden), rate * 3)
            step += 1
        log_line(f"n-grams: epoch {epoch}, loss {loss / len(labels):.4f}")
    return table.value, weights.value, bias.value


def _han_lists(found: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Return the characters seen in one of the two Chinese scripts and never in the other."""
    hans = set("".join(found["zh-Hans"]))
    hant = set("".join((*found["zh-Hant"], *found["yue"])))
    han = [chr(point) for point in range(0x3400, 0xA000)]
    return "".join(c for c in han if c in hans - hant), "".join(c for c in han if c in hant - hans)


def _trusted(found: Mapping[str, Sequence[str]], training: LanguageTraining) -> dict[str, float]:
    """Return tag → score from which CLD2 decides alone: above it, enough of what it reliably calls so is right.

    All languages are equally frequent here; in news, those that have close neighbours are far more frequent than these.
    """
    answered: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for tag, sentences in found.items():
        for first in range(0, training.trust_texts * 5, 5):
            answer = guess(" ".join(sentences[first : first + 5])[:600])
            if answer.reliable and answer.share >= 0.9:
                # Which of the Chinese scripts it is, rules settle later.
                right = answer.tag == tag or {answer.tag, tag} <= {"zh-Hans", "zh-Hant"}
                answered[answer.tag].append((answer.score, right))
    levels = {tag: _least_score(answers, training.trust) for tag, answers in answered.items()}
    return {tag: level for tag, level in sorted(levels.items()) if level is not None and tag not in training.distrusted}


def _least_score(answers: Sequence[tuple[float, bool]], trust: float) -> float | None:
    """Return the score from which enough is right, half way to the first that is not; None if hardly any is above."""
    ranked = sorted(answers, key=lambda answer: (-answer[0], answer[1]))  # of equal scores, the wrong ones first
    right, kept = 0, 0
    for number, (_, is_right) in enumerate(ranked, 1):
        right += is_right
        if right >= trust * number:
            kept = number
    if kept < _FEWEST_TRUSTED:
        return None
    return 0.0 if kept == len(ranked) else (ranked[kept - 1][0] + ranked[kept][0]) / 2
