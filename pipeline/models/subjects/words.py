"""Cut a text into words, and a word into the pieces of a multilingual subword vocabulary.

Text is lower-cased first, so that a headline in capitals gets the same answer. Scripts without spaces between words are
cut into the longest known pieces.
"""

import re
from collections.abc import Mapping
from typing import Final
from zlib import crc32

from msgspec import Struct

__all__ = ["Vocabulary", "WordParams", "features_of", "has_words", "words_of"]

_UNSPACED: Final = (
    r"\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff"
)
_BREAKS: Final = (
    r"\s\x00-/:-@\[-`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\u055a-\u055f\u0589\u05be\u05c0\u05c3\u060c\u061b\u061f\u066a-\u066d\u06d4"
    r"\u0964\u0965\u1361-\u1368\u104a-\u104f\u17d4-\u17da\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u3000-\u3004\u3008-\u3020\u30fb"
    r"\ufe30-\ufe4f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ufff0-\uffff\U0001f000-\U0001ffff"
)
_WORD: Final = re.compile(f"[{_UNSPACED}]+|[^{_BREAKS}{_UNSPACED}]+")
_ASCII_SPACED: Final = {code: " " for code in range(128) if not chr(code).isalnum()}
"""What is between words in ASCII, which is found without a pattern."""
_IS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
_START: Final = "▁"


class WordParams(Struct, frozen=True):
    """What the features of a word are, in characters; a model must be used with the values it was trained with."""

    max_word_chars: int = 32  # a longer word is cut
    max_piece_chars: int = 14  # longest piece looked up, ▁ included
    max_pieces: int = 16  # per word: the sums of its pieces' vectors must fit 16 bits
    max_unspaced_chars: int = 6  # longest word looked up in scripts without spaces
    stem_chars: int = 5  # the first characters of a longer word are a feature too
    max_digits: int = 5  # numbers are counted by their length, up to this


_PARAMS: Final = WordParams()


class Vocabulary(Struct, frozen=True):
    """Subword pieces and their numbers."""

    pieces: Mapping[str, int]
    """A piece at the beginning of a word begins with ▁."""
    params: WordParams = _PARAMS

    def cut(self, word: str) -> list[int]:
        """Return the numbers of the longest known pieces of a word from the left; unknown characters are left out.

        The most probable segmentation would be slightly better, but takes five times as long.
        """
        get = self.pieces.get
        text = _START + word
        found: list[int] = []
        start, size = 0, len(text)
        longest, most = self.params.max_piece_chars, self.params.max_pieces
        while start < size and len(found) < most:
            for end in range(min(size, start + longest), start, -1):
                number = get(text[start:end])
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                start += 1
        return found

    def longest(self, run: str) -> list[str]:
        """Cut a run of a script without spaces into the longest known pieces, from the left."""
        out = []
        start, size = 0, len(run)
        known = self.pieces
        while start < size:
            for length in range(min(self.params.max_unspaced_chars, size - start), 1, -1):
                if run[start : start + length] in known:
                    break
            else:
                length = 1
            out.append(run[start : start + length])
            start += length
        return out


def words_of(text: str, vocabulary: Vocabulary, max_unspaced: int) -> list[str]:
    """Return the words of a text, lower-cased; at most `max_unspaced` characters are read of scripts without spaces."""
    if text.isascii():
        return text.lower().translate(_ASCII_SPACED).split()
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


def has_words(text: str, fewest: int, unspaced_chars: int) -> bool:
    """Return whether a text has `fewest` words that contain a letter.

    Of scripts without spaces, `unspaced_chars` characters in a row count as a word.
    """
    words = 0
    for found in _WORD.finditer(text):
        run = found[0]
        if _IS_UNSPACED.match(run) is not None:
            words += len(run) // unspaced_chars
        elif any(map(str.isalpha, run)):
            words += 1
        if words >= fewest:
            return True
    return False


def features_of(word: str, vocabulary: Vocabulary) -> tuple[int, list[int], list[int]]:
    """Return a word's hash, the numbers of its pieces, and the hashes of its features: itself, its pieces, its stem."""
    params = vocabulary.params
    word = word[: params.max_word_chars]
    own = crc32(word.encode("utf-8", "surrogatepass"))
    if word.isdigit():
        return own, [], [crc32(b"0" * min(len(word), params.max_digits))]
    unspaced = _IS_UNSPACED.match(word) is not None
    found = vocabulary.pieces.get(word) if unspaced else None
    pieces = [found] if found is not None else vocabulary.cut(word)
    hashes = [own]
    if len(pieces) > 1 and not unspaced:
        hashes += [crc32(b"piece %d" % piece) for piece in pieces]
    if len(word) > params.stem_chars:
        hashes.append(crc32(b"stem " + word[: params.stem_chars].encode("utf-8", "surrogatepass")))
    return own, pieces, hashes
