"""Pooling words with a cache."""

import numpy as np

from pipeline.models.subjects.word_rows import WordRows
from pipeline.models.subjects.words import Vocabulary

WORDS = ["alpha", "beta", "gamma", "alphabeta", "42", "alpha"]


def _rows(capacity: int) -> WordRows:
    rng = np.random.default_rng(1)
    return WordRows(
        vocabulary=Vocabulary({"▁alpha": 0, "▁beta": 1, "beta": 2}),
        piece_codes=rng.integers(-7, 8, (3, 4)).astype(np.int8),
        piece_factors=np.array([255, 3, 1], dtype=np.uint8),
        hashed_table=rng.integers(-127, 128, (64, 2)).astype(np.int8),
        seen=np.ones(16, dtype=np.uint8),
        capacity=capacity,
    )


def test_a_small_cache_gives_the_same_sums() -> None:
    large, small = _rows(100), _rows(5)  # five of six words
    for words in (WORDS, WORDS[2:], ["delta", *WORDS[:3]], WORDS):
        left, right = large.pool(words), small.pool(words)
        assert np.array_equal(left[0], right[0])
        assert np.array_equal(left[1], right[1])
        assert left[2:] == right[2:]


def test_order_of_words_matters_to_pairs_only() -> None:
    rows = _rows(100)
    forward, backward = rows.pool(WORDS), rows.pool(WORDS[::-1])
    assert np.array_equal(forward[0], backward[0])
    assert not np.array_equal(forward[1], backward[1])
    assert forward[2:] == backward[2:]


def test_static_sum_is_of_whole_numbers() -> None:
    total = _rows(100).pool(WORDS)[0]
    assert np.array_equal(total, np.rint(total))
    assert np.abs(total).max() > 0
