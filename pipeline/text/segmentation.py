"""Cut text of languages without spaces into words: the most probable cut by a list of the language's words.

The cost of a word is the logarithm of its rank, which by Zipf's law is how improbable it is; of all ways to cut a run
of letters, the one with the least sum of costs is taken. What is in no list is cut into single letters.
"""

import gzip
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import orjson
from msgspec import Struct

__all__ = ["BETWEEN", "SegmentationParams", "Segmenter", "clusters", "segmenter"]


class SegmentationParams(Struct, frozen=True, kw_only=True):
    """How costs come from ranks, set by hand on news of the sets that the lists are made from."""

    rank_offset: int = 5
    """Added to each rank: the most frequent words are not as much more frequent as Zipf's law says."""
    unlisted_cost: float = 2.0
    """What a single letter outside the list costs more than the last word of the list."""


_PARAMS: Final = SegmentationParams()
_TAGS: Final = {"zh-Hans": "zh", "yue": "zh-Hant"}
_RUNS: Final = {
    "zh": "[\u3400-\u9fff\u3005]+",
    "zh-Hant": "[\u3400-\u9fff\u3005]+",
    "th": "[\u0e01-\u0e3a\u0e40-\u0e4e]+",
    "lo": "[\u0e81-\u0ebd\u0ec0-\u0ecd\u0edc-\u0edf]+",
    "km": "[\u1780-\u17d3\u17d7\u17dc\u17dd\u200b]+",
    "my": "[\u1000-\u103f\u104c-\u104f\u1050-\u109d]+",
}
"""What a run of letters is in each language; Khmer has invisible spaces in it."""
_MARKS: Final = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064"
    "\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d\u17b6-\u17d3\u17dd"
)
_VOWELS_AFTER: Final = "\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3"
_SILENT: Final = "[\u0e01-\u0e2e][\u0e34\u0e38]?\u0e4c|[\u1000-\u1021]\u103a[\u1037\u1038]*"
"""A Thai letter that is not spoken, a Burmese one that ends a syllable: neither begins a word."""
_CLUSTER: Final = re.compile(
    f"[\u0e40-\u0e44\u0ec0-\u0ec4]?[^{_VOWELS_AFTER}](?:[\u17d2\u1039].|[{_MARKS}{_VOWELS_AFTER}])*(?:{_SILENT})*|.",
    re.DOTALL,
)
_BURMESE_E: Final = "\u1031"
_Node = list[Any]
"""The cost of the word that ends here, infinite if none does, and what goes on from here."""
_Children = dict[str, _Node]
_NO_CHILDREN: Final[_Children] = {}
BETWEEN: Final = ""
"""Stands between runs in a list of words."""


def clusters(run: str) -> list[str]:
    """Return the letters of a run with the signs that belong to each; a word ends only behind such a cluster."""
    return _CLUSTER.findall(run)


class Segmenter:
    """Cuts text of one language into words."""

    def __init__(
        self, language: str, ranked: Sequence[str], others: Sequence[str], params: SegmentationParams = _PARAMS
    ) -> None:
        """Prepare a list of words.

        Args:
            language: BCP 47 tag of the list.
            ranked: Words, the most frequent first.
            others: Further words, all taken as equally rare.
            params: How costs come from ranks.
        """
        self.ranks: Mapping[str, int] = {word: rank for rank, word in enumerate(ranked, 1)}
        self._is_han = language.startswith("zh")
        self._run = re.compile(_RUNS[language])
        rarest = math.log(len(ranked) + len(others) + params.rank_offset)
        self._unlisted = rarest + params.unlisted_cost
        self._first: _Children = {}
        for word, rank in self.ranks.items():
            self._add(word, math.log(rank + params.rank_offset))
        for word in others:
            self._add(word, rarest)

    def cut(self, text: str) -> list[str]:
        """Return the words of a text in order, and `BETWEEN` between runs of letters, for all that stands there.

        Burmese in the old encoding of the font Zawgyi, in which a vowel may come first, has no words.
        """
        runs = self._run.findall(text)
        if any(run[0] == _BURMESE_E for run in runs):
            return []
        words: list[str] = []
        for run in runs:
            words += self._cut(self._letters(run.replace("\u200b", "")))
            words.append(BETWEEN)
        return words

    def is_letter(self, word: str) -> bool:
        """Whether a word is one letter with its signs."""
        return len(word) == 1 or (not self._is_han and len(clusters(word)) == 1)

    def _letters(self, run: str) -> Sequence[str]:
        return run if self._is_han else clusters(run)

    def _add(self, word: str, cost: float) -> None:
        children = self._first
        node: _Node | None = None
        for letter in self._letters(word):
            if node is not None:
                children = node[1]
            node = children.get(letter)
            if node is None:
                node = children[letter] = [math.inf, {}]
        if node is not None:
            node[0] = cost

    def _cut(self, letters: Sequence[str]) -> list[str]:
        count = len(letters)
        unlisted, none = self._unlisted, [math.inf, _NO_CHILDREN]
        least = [0.0, *[math.inf] * count]
        before = [0] * (count + 1)
        for first, letter in enumerate(letters):
            here, last = least[first], first + 1
            cost, children = self._first.get(letter, none)
            total = here + min(cost, unlisted)
            if total < least[last]:
                least[last], before[last] = total, first
            while children and last < count:
                node = children.get(letters[last])
                if node is None:
                    break
                cost, children = node
                last += 1
                if here + cost < least[last]:
                    least[last], before[last] = here + cost, first
        words = []
        while count:
            first = before[count]
            words.append("".join(letters[first:count]))
            count = first
        words.reverse()
        return words


def segmenter(language: str) -> Segmenter | None:
    """Return the segmenter of a language, or None if its words are separated or it has no list.

    Args:
        language: A BCP 47 tag.
    """
    tag = _TAGS.get(language, language)
    if tag not in _RUNS:
        tag = "zh-Hant" if tag.startswith("zh-Hant-") else tag.partition("-")[0]
    return _segmenter(tag) if tag in _RUNS else None


@cache
def _lists() -> dict[str, list[str]]:
    data = files("pipeline.text").joinpath("data", "unspaced_words.json.gz").read_bytes()
    lists: dict[str, list[str]] = orjson.loads(gzip.decompress(data))
    return lists


@cache
def _segmenter(language: str) -> Segmenter:
    ranked, others = _lists()[language]
    return Segmenter(language, ranked.split(" "), others.split(" ") if others else ())
