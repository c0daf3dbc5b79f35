"""Character n-grams."""

import numpy as np

from pipeline.models.ngrams import NGRAM_PARAMS, NgramModel, buckets
from pipeline.models.scripts import code_points

BITS = 10


def _buckets(text: str) -> list[int]:
    found: list[int] = buckets(code_points(text), BITS).tolist()
    return sorted(found)


def test_case_digits_and_spacing_make_no_difference() -> None:
    assert _buckets("Guten  Morgen, 2026!") == _buckets("guten morgen")


def test_every_length_from_one_to_four_counts() -> None:
    # " ab " has four characters: 4 + 3 + 2 + 1 n-grams.
    assert len(_buckets("ab")) == 10


def test_ranks_by_the_weights() -> None:
    table = np.zeros((1 << BITS, 2), dtype=np.int8)
    table[buckets(code_points("xyz"), BITS)] = (100, 0)
    table[buckets(code_points("öäü"), BITS)] = (0, 100)
    arrays = {
        "ngram_labels": np.array(["aa", "bb"]),
        "ngram_table": table,
        "ngram_weights": np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32),
        "ngram_bias": np.zeros(2, dtype=np.float32),
    }
    model = NgramModel.from_arrays(arrays)
    assert model.rank(code_points("öäü öäü"), 1)[0][0] == "bb"
    ranked = model.rank(code_points("xyz xyz"), 2)
    assert [tag for tag, _ in ranked] == ["aa", "bb"]
    assert abs(sum(odds for _, odds in ranked) - 1) < 1e-9
    read = "x" * NGRAM_PARAMS.max_chars
    assert model.rank(code_points(read + "öäü" * 200), 2) == model.rank(code_points(read), 2)
