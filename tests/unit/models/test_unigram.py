"""The most probable pieces of a word, beside those of `tokenizers`."""

import random
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from news_pipeline_models import subjects_encoder
from pipeline.models.subjects.pieces import BEGIN, END, UNKNOWN, PieceCutter
from pipeline.models.subjects.unigram import UnigramParams, UnigramVocabulary
from tests.harness.small_encoder import SCRIPTS

ALL = 10**6
ODD = [
    "\x00",
    "▁",
    "▁▁",
    " ",
    "\n",
    "\u3000",
    "\u0301",
    "😀",
    "👩‍👧",
    "\U0010ffff",
    "<s>",
    "<unk>",
    "<pad>",
    "\u0378",
    "𒀀",
]
SMALL = {
    "<s>": 0.0,
    "<pad>": 0.0,
    "</s>": 0.0,
    "<unk>": 0.0,
    "a": -3.0,
    "b": -3.0,
    "ab": -5.0,
    "aba": -9.0,
    "bcd": -7.0,
}


def _small(params: UnigramParams | None = None) -> UnigramVocabulary:
    return UnigramVocabulary(list(SMALL), list(SMALL.values()), UNKNOWN, params or UnigramParams())


def _cut(word: str, most: int = ALL) -> list[str]:
    names = list(SMALL)
    return [names[number] for number in _small().cut(word, most)]


class _Peer:
    """The shipped vocabulary in `tokenizers`, and in ours."""

    def __init__(self) -> None:
        with np.load(subjects_encoder() / "vocabulary.npz", allow_pickle=False) as file:
            self.pieces = file["pieces"].tobytes().decode("utf-8").split("\n")
            scores = file["scores"].tolist()
        self.theirs = Tokenizer(models.Unigram(list(zip(self.pieces, scores, strict=True)), UNKNOWN))
        self.theirs.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
        self.ours = PieceCutter(self.pieces, scores, {})

    def compare(self, text: str, limit: int = ALL) -> None:
        """Check that both find the same numbers in a text."""
        clean = " ".join(text.split())
        expected = self.theirs.encode(clean).ids if clean else []
        prefix = self.theirs.encode("query:").ids
        found = self.ours.cut(text, limit).numbers
        assert found == [BEGIN, *prefix, *expected[: limit - len(prefix) - 2], END], ascii(text)


@cache
def _peer() -> _Peer:
    return _Peer()


def test_the_most_probable_pieces_are_found() -> None:
    assert _cut("ab") == ["ab"]
    assert _cut("aba") == ["ab", "a"], "-8 is more than -9"
    assert _cut("abab") == ["ab", "ab"]
    assert _cut("") == []


def test_a_beginning_of_pieces_is_none_itself() -> None:
    assert _cut("bcd") == ["bcd"]
    assert _cut("bc") == ["b", "<unk>"]
    assert _small().number("bcd") == 8
    assert _small().number("bc") is None
    assert _small().number("zz") is None


def test_unknown_characters_side_by_side_are_one_piece() -> None:
    assert _cut("zzaz") == ["<unk>", "a", "<unk>"]
    assert _cut("z<unk>z") == ["<unk>"]


def test_of_equal_cuts_the_one_with_the_longest_last_piece_is_taken() -> None:
    tied = UnigramVocabulary(["a", "b", "c", "ab", "bc"], [-1.0, -1.0, -1.0, -2.0, -2.0], 0)
    assert tied.cut("abc", ALL) == [0, 4]


def test_only_what_is_needed_of_a_long_run_is_read() -> None:
    every = _small().cut("abz" * 500, ALL)
    some = _small().cut("abz" * 500, 20)
    assert 20 <= len(some) < 30
    assert every[: len(some)] == some


def test_a_full_cache_changes_nothing() -> None:
    small = _small(UnigramParams(cache_words=2, cached_chars=4))
    words = ["ab", "aba", "z", "ab", "bcd", "ababab", "ab"]
    assert [small.cut(word, ALL) for word in words] == [_small().cut(word, ALL) for word in words]


@pytest.mark.parametrize("pieces", [["a", "a"], ["a", ""], ["a"]])
def test_a_vocabulary_that_cannot_be_is_refused(pieces: list[str]) -> None:
    with pytest.raises(ValueError, match="a vocabulary needs"):
        UnigramVocabulary(pieces, [-1.0, -2.0], 0)


@pytest.mark.parametrize("limit", [5, 12, 80, ALL])
def test_texts_are_cut_as_tokenizers_does(limit: int) -> None:
    peer = _peer()
    for text in (*SCRIPTS, *map(" ".join, pairwise(SCRIPTS)), "".join(SCRIPTS) * 9, *ODD, "a" * 5000):
        peer.compare(text, limit)


def test_odd_texts_are_cut_as_tokenizers_does() -> None:
    peer, rng = _peer(), random.Random(11)
    for _ in range(600):
        parts = [rng.choice((rng.choice(peer.pieces), rng.choice(ODD), " ")) for _ in range(rng.choice((1, 3, 20, 80)))]
        peer.compare("".join(parts), rng.choice((20, 80, ALL)))


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_any_text_is_cut_as_tokenizers_does(text: str) -> None:
    _peer().compare(text)
