"""Cut a text into words, and a word into the pieces of a multilingual subword vocabulary.

Everything is lower-cased first, so that a shouted headline means the same as a quiet one. Scripts that put no spaces
between words are cut into the longest known pieces.
"""

import re
from collections.abc import Mapping
from typing import Final
from zlib import crc32

from msgspec import Struct

__all__ = ["Vocabulary", "features_of", "words_of"]

_UNSPACED: Final = (
    r"\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff"
)
_BREAKS: Final = (
    r"\s\x00-/:-@\[-`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\u055a-\u055f\u0589\u05be\u05c0\u05c3\u060c\u061b\u061f\u066a-\u066d\u06d4"
    r"\u0964\u0965\u1361-\u1368\u104a-\u104f\u17d4-\u17da\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u3000-\u3004\u3008-\u3020\u30fb"
    r"\ufe30-\ufe4f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ufff0-\uffff\U0001f000-\U0001ffff"
)
_WORD: Final = re.compile(f"[{_UNSPACED}]+|[^{_BREAKS}{_UNSPACED}]+")
_IS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
_START: Final = "▁"
_LONGEST_WORD: Final = 32
_LONGEST_PIECE: Final = 14
_MOST_PIECES: Final = 16  # the sums of a word's pieces must fit 16 bits
_LONGEST_UNSPACED: Final = 6
_STEM: Final = 5


class Vocabulary(Struct, frozen=True):
    """Subword pieces and their numbers. A piece that begins a word begins with ▁."""

    pieces: Mapping[str, int]

    def cut(self, word: str) -> list[int]:
        """Return the numbers of the longest known pieces of a word from the left; unknown characters are left out.

        Most probable pieces would be a little better and cost five times as much, which is what a new word costs.
        """
        get = self.pieces.get
        text = _START + word
        found: list[int] = []
        start, size = 0, len(text)
        while start < size and len(found) < _MOST_PIECES:
            for end in range(min(size, start + _LONGEST_PIECE), start, -1):
                number = get(text[start:end])
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                start += 1
        return found

    def longest(self, run: str) -> list[str]:
        """Cut a run of unspaced script into the longest known pieces, from the left."""
        out = []
        start, size = 0, len(run)
        known = self.pieces
        while start < size:
            for length in range(min(_LONGEST_UNSPACED, size - start), 1, -1):
                if run[start : start + length] in known:
                    break
            else:
                length = 1
            out.append(run[start : start + length])
            start += length
        return out


def words_of(text: str, vocabulary: Vocabulary, max_unspaced: int) -> list[str]:
    """Return the words of a text, lower-cased; of unspaced script at most `max_unspaced` characters."""
    runs = _WORD.findall(text.lower())
    if _IS_UNSPACED.search(text) is None:
        return runs
    words: list[str] = []
    left = max_unspaced
    for run in runs:
        if _IS_UNSPACED.match(run) is None:
            words.append(run)
        elif left > 0:
            words += vocabulary.longest(run[:left])
            left -= len(run)
    return words


def features_of(word: str, vocabulary: Vocabulary) -> tuple[int, list[int], list[int]]:
    """Return a word's hash, the numbers of its pieces, and the hashes it counts under: itself, its pieces, its stem."""
    word = word[:_LONGEST_WORD]
    own = crc32(word.encode("utf-8", "surrogatepass"))
    if word.isdigit():
        return own, [], [crc32(b"0" * min(len(word), 5))]
    unspaced = _IS_UNSPACED.match(word) is not None
    found = vocabulary.pieces.get(word) if unspaced else None
    pieces = [found] if found is not None else vocabulary.cut(word)
    hashes = [own]
    if len(pieces) > 1 and not unspaced:
        hashes += [crc32(b"piece %d" % piece) for piece in pieces]
    if len(word) > _STEM:
        hashes.append(crc32(b"stem " + word[:_STEM].encode("utf-8", "surrogatepass")))
    return own, pieces, hashes
