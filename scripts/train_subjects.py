r"""Train the subject model; writes pipeline/models/data/subjects.npz, which validate_subjects.py completes.

    uv run --no-project --python 3.11 --with-requirements scripts/training.txt \
        python scripts/train_subjects.py --data ../shared/data [--teachers .cache] [--all-data]

Static vectors of multilingual-e5-small's subwords, frozen, and a hashed bag of words, pieces, stems and word pairs,
learned, feed one small network with independent sigmoids. The shipped model learns only from the sets whose licence
allows it, the others measure it; --all-data learns from all, for the research-only figure.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import sparse

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from e5_table import read_table
from subject_data import CODES, SHIPPED, Text, read, read_seeds, read_unlabelled, sets_in
from subject_network import Examples, Network, Settings, probabilities, train_network
from subject_teacher import teach

from pipeline.models.bag import buckets_of, pairs_of
from pipeline.models.words import Vocabulary, features_of, words_of

VERSION = "subj-2026.11"
TAXONOMY = "2026-07-02"
MAX_CHARS = 1200
MAX_UNSPACED = 300
SIF = 1e-4  # of a piece's share of all pieces; common pieces say little
SEEN_BITS = 22
MIN_SEEN = 2
UNLABELLED = 250  # sentences a language that say how often pieces occur, and that a teacher labels
TEXT_WEIGHTS = {"sib200": 0.5, "seeds": 3.0, "teacher": 0.5}


@dataclass
class Lexicon:
    """Every distinct word of the corpora, with its features."""

    vocabulary: Vocabulary
    numbers: dict[str, int] = field(default_factory=dict)
    hashes: list[int] = field(default_factory=list)
    pieces: list[list[int]] = field(default_factory=list)
    features: list[list[int]] = field(default_factory=list)

    def number(self, word: str) -> int:
        """Return the word's number, new or old."""
        found = self.numbers.get(word)
        if found is None:
            found = self.numbers[word] = len(self.hashes)
            own, pieces, features = features_of(word, self.vocabulary)
            self.hashes.append(own)
            self.pieces.append(pieces)
            self.features.append(features)
        return found

    def read(self, text: str) -> np.ndarray:
        """Return the numbers of the words of a text."""
        words = words_of(text[:MAX_CHARS], self.vocabulary, MAX_UNSPACED)
        return np.array([self.number(word) for word in words], dtype=np.int64)


def lower_cased(pieces: list[str], table: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Merge the pieces that differ in case only: the lower-case one's vector, or else the most frequent one's."""
    chosen: dict[str, int] = {}
    for number, piece in enumerate(pieces):
        if number < 4 or piece in {"▁", ""}:
            continue
        low = piece.lower()
        if low not in chosen or piece == low:
            chosen[low] = number
    names = list(chosen)
    rows = [chosen[name] for name in names]
    return names, table[rows]


def ragged(lists: list[list[int]], width: int) -> sparse.csr_matrix:
    """Return a matrix that counts the numbers in each list."""
    starts = np.zeros(len(lists) + 1, np.int64)
    starts[1:] = np.cumsum([len(items) for items in lists])
    indices = np.fromiter((item for items in lists for item in items), np.int64, int(starts[-1]))
    matrix = sparse.csr_matrix((np.ones(indices.size, np.float32), indices, starts), shape=(len(lists), width))
    matrix.sum_duplicates()
    return matrix


def bucket_lists(hashes: list[list[int]], bits: int) -> list[list[int]]:
    """Return the buckets of lists of hashes."""
    flat = np.fromiter((item for items in hashes for item in items), np.uint32)
    found = buckets_of(flat, bits).tolist()
    out, position = [], 0
    for items in hashes:
        out.append(found[position : position + len(items)])
        position += len(items)
    return out


def choose_pieces(names: list[str], texts: list[tuple[str, str]], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the most used pieces, every language counting by the root of its volume, and all pieces' counts."""
    lexicon = Lexicon(Vocabulary({name: i for i, name in enumerate(names)}))
    by_language: dict[str, Counter[int]] = defaultdict(Counter)
    for language, text in texts:
        by_language[language].update(lexicon.read(text).tolist())
    matrix = ragged(lexicon.pieces, len(names))
    counts = np.zeros(len(names))
    for words in by_language.values():
        ids = np.fromiter(words.keys(), np.int64)
        weights = np.fromiter(words.values(), np.float32)
        mine = np.asarray(matrix[ids].T @ weights)
        counts += mine / np.sqrt(mine.sum() + 1)
    singles = np.array([len(name) == 1 for name in names])
    order = np.argsort(-(counts + singles * 1e-6), kind="stable")[:size]
    return np.sort(order), counts


def quantised(table: np.ndarray, counts: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Return 4-bit rows (-7 to 7) and each row's factor (1 to 255): PCA of the vectors times their SIF weight."""
    share = counts / counts.sum()
    weight = SIF / (SIF + share)
    centred = table - np.average(table, axis=0, weights=np.sqrt(share) + 1e-9)
    _, vectors = np.linalg.eigh((centred * weight[:, None]).T @ centred)
    rows = (centred @ vectors[:, ::-1][:, :dim]) * weight[:, None]
    peak = np.maximum(np.abs(rows).max(1), 1e-9)
    # 3 sigma instead of the peak: what is cut off matters less than the finer steps.
    peak = np.minimum(peak, 3 * rows.std(1))
    factor = np.clip(np.rint(peak / np.quantile(peak, 0.999) * 255), 1, 255)
    codes = np.clip(np.rint(rows / peak[:, None] * 7), -7, 7)
    return codes.astype(np.int8), factor.astype(np.uint8)


def text_features(
    lexicon: Lexicon, texts: list[np.ndarray], codes: np.ndarray, factor: np.ndarray, bits: int
) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Return unit static vectors, and the shares of buckets."""
    word_rows = (
        ragged(lexicon.pieces, codes.shape[0]) @ sparse.diags(factor.astype(np.float32)) @ codes.astype(np.float32)
    )
    counts = ragged([items.tolist() for items in texts], len(lexicon.hashes))
    static = np.asarray(counts @ word_rows)
    static /= np.maximum(np.linalg.norm(static, axis=1, keepdims=True), 1)
    hashes = np.array(lexicon.hashes, dtype=np.uint32)
    pairs = [buckets_of(pairs_of(hashes[items]), bits).tolist() for items in texts]
    bag = counts @ ragged(bucket_lists(lexicon.features, bits), 1 << bits) + ragged(pairs, 1 << bits)
    bag = sparse.csr_matrix(bag)
    return static.astype(np.float32), sparse.diags(1 / np.maximum(np.asarray(bag.sum(1)).ravel(), 1)).dot(bag).tocsr()


def seen_words(lexicon: Lexicon, texts: list[np.ndarray]) -> np.ndarray:
    """Return the bits of the words that occurred in at least MIN_SEEN training texts."""
    times = Counter(word for items in texts for word in set(items.tolist()))
    hashes = np.array([lexicon.hashes[word] for word, count in times.items() if count >= MIN_SEEN], dtype=np.uint32)
    bits = np.zeros(1 << SEEN_BITS, dtype=np.uint8)
    bits[buckets_of(hashes, SEEN_BITS)] = 1
    return np.packbits(bits)


def targets(texts: list[Text]) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and weights: what a set has no label for is no evidence that a text is not about it."""
    inventory: dict[str, set[str]] = defaultdict(set)
    for item in texts:
        inventory[item.source].update(item.codes)
    labels = np.zeros((len(texts), len(CODES)), np.float32)
    weights = np.full((len(texts), len(CODES)), 0.1, np.float32)
    for row, item in enumerate(texts):
        for column, code in enumerate(CODES):
            labels[row, column] = code in item.codes
            if item.is_term or code in inventory[item.source]:
                weights[row, column] = 1
    positives = (labels * weights).sum(0)
    balance = np.clip((positives.mean() / np.maximum(positives, 1)) ** 0.4, 0.5, 4)
    weights = np.where(labels > 0, weights * balance, weights)
    per_text = np.array([TEXT_WEIGHTS.get(item.source, 0.5 if item.is_term else 1.0) for item in texts], np.float32)
    return labels, weights * per_text[:, None]


def with_teacher(
    examples: Examples,
    taught: list[tuple[str, np.ndarray]],
    lexicon: Lexicon,
    codes: np.ndarray,
    factor: np.ndarray,
    bits: int,
) -> Examples:
    """Add the texts a teacher labelled, with its probabilities as labels."""
    words = [lexicon.read(text) for text, _ in taught]
    static, bag = text_features(lexicon, words, codes, factor, bits)
    labels = np.stack([odds for _, odds in taught]).astype(np.float32)
    weights = np.full(labels.shape, TEXT_WEIGHTS["teacher"], np.float32)
    return Examples(
        np.concatenate((examples.static, static)),
        sparse.vstack((examples.bag, bag)).tocsr(),
        np.concatenate((examples.labels, labels)),
        np.concatenate((examples.weights, weights)),
    )


def f1(truth: np.ndarray, answer: np.ndarray) -> float:
    """Macro-F1 over the classes present."""
    scores = []
    for number in np.unique(truth):
        hit = np.sum((truth == number) & (answer == number))
        scores.append(2 * hit / (np.sum(truth == number) + np.sum(answer == number)))
    return float(np.mean(scores))


def report(texts: list[Text], odds: np.ndarray) -> None:
    """Print first-choice accuracy and macro-F1 by source."""
    sources = np.array([item.source for item in texts])
    truth = np.array([CODES.index(item.codes[0]) for item in texts])
    first = odds.argmax(1)
    right = np.array([CODES[a] in item.codes for a, item in zip(first, texts, strict=True)])
    news = sources != "sib200"
    for name, mask in [("news", news), *((s, sources == s) for s in sorted(set(sources)))]:
        if mask.any():
            print(
                f"{name:24} n {mask.sum():6} F1 {f1(truth[mask], first[mask]):.3f} acc {right[mask].mean():.3f} "
                f"p {odds.max(1)[mask].mean():.3f}",
                flush=True,
            )


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("pipeline/models/data/subjects.npz"))
    parser.add_argument("--teachers", type=Path, help="folder of embed_teacher.py's output; adds self-training")
    parser.add_argument("--all-data", action="store_true")
    parser.add_argument("--vocabulary", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--bits", type=int, default=17)
    parser.add_argument("--bag-dim", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=6)
    options = parser.parse_args()
    began = time.time()
    allowed = frozenset(sets_in(options.data) if options.all_data else SHIPPED) | {"seeds"}
    texts = [
        item
        for name in sets_in(options.data)
        for item in read(options.data, name)
        if item.source in allowed or item.test  # the other sets only measure
    ]
    texts += read_seeds()
    unlabelled = list(read_unlabelled(options.data, UNLABELLED))
    print(len(texts), "texts", len(unlabelled), "unlabelled", f"{time.time() - began:.0f}s", flush=True)

    names, table = lower_cased(*read_table())
    corpus = [(item.language, item.text[:1000]) for item in texts if not item.test] + unlabelled
    chosen, counts = choose_pieces(names, corpus, options.vocabulary)
    codes, factor = quantised(table[chosen], counts[chosen] + 1e-9, options.dim)
    names = [names[i] for i in chosen]
    print(len(names), "pieces", f"{time.time() - began:.0f}s", flush=True)

    lexicon = Lexicon(Vocabulary({name: i for i, name in enumerate(names)}))
    words = [lexicon.read(item.text) for item in texts]
    static, bag = text_features(lexicon, words, codes, factor, options.bits)
    print(len(lexicon.hashes), "words", bag.nnz, "features", f"{time.time() - began:.0f}s", flush=True)
    labels, weights = targets(texts)
    test = np.array([item.test for item in texts])
    held = np.array([not item.test and not item.is_term and index % 12 == 5 for index, item in enumerate(texts)])
    fit = ~test & ~held
    examples = Examples(static[fit], bag[fit], labels[fit], weights[fit])
    taught = teach(options.teachers) if options.teachers else []
    if taught:
        examples = with_teacher(examples, taught, lexicon, codes, factor, options.bits)
    settings = Settings(bits=options.bits, bag_dim=options.bag_dim, hidden=options.hidden, epochs=options.epochs)
    network = train_network(examples, settings)
    network.calibrate(Examples(static[held], bag[held], labels[held], weights[held]))
    odds = probabilities(network, static[test], bag[test])
    report([item for item in texts if item.test], odds)
    seen = seen_words(lexicon, [w for w, f in zip(words, fit, strict=True) if f])
    write(options.out, names, codes, factor, network, seen)
    print(options.out, options.out.stat().st_size, f"{time.time() - began:.0f}s")


def write(
    path: Path,
    names: list[str],
    codes: np.ndarray,
    factor: np.ndarray,
    network: Network,
    seen: np.ndarray,
) -> None:
    """Write the weights, quantised."""
    nibbles = (codes + 8).astype(np.uint8)
    arrays = {
        "version": np.array(VERSION),
        "taxonomy_version": np.array(TAXONOMY),
        "codes": np.array(CODES),
        "pieces": np.frombuffer("\n".join(names).encode(), dtype=np.uint8),
        "piece_codes": nibbles[:, ::2] | (nibbles[:, 1::2] << 4),
        "piece_factors": factor,
        "seen": seen,
        **network.arrays(),
    }
    np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main()
