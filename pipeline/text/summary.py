"""The summary, made of the article's own first sentences, and the number of its words."""

import re
from collections.abc import Sequence

from msgspec import Struct

from pipeline.text.punctuation import ELLIPSIS, SENTENCE_ENDS, UNSPACED_ENDS
from pipeline.text.wordlists import load_words

__all__ = ["SummaryParams", "summarise", "word_count"]


class SummaryParams(Struct, frozen=True, kw_only=True):
    """Thresholds of the summary and of counting words, set by hand."""

    sentence_chars: int = 40
    """A shorter paragraph without the end of a sentence is a sub-headline or a dateline, and is left out."""
    least_part: int = 4
    """Whole sentences must make up one part in this many of the target; else the text is cut at a word."""
    cut_part: int = 2
    """The cut leaves at least one part in this many of the target, if there is a space."""
    ordinal_digits: int = 2
    """A number of so many digits before a stop is an ordinal in many languages: "Wien, 14. November"."""
    token_chars: int = 16
    """Characters before a stop that are looked at; a longer word is no abbreviation."""
    abbreviation_letters: int = 4
    """Consonants alone, up to this many with a stop behind them, are an abbreviation: Dr., Str., bzw., г."""
    letters_per_word: int = 4
    """Letters that make a word in South-East Asian scripts, which put no spaces between words."""
    min_chars_per_space: int = 14
    """With fewer characters per word than this, all words are spaced: no such script is looked for. The longest words,
    of agglutinating languages, have ten letters on average."""


_PARAMS = SummaryParams()
# A mark that ends a sentence, up to three closing quotes or brackets, then space; where no spaces are written, none.
_SPACED_ENDS = re.escape("".join(end for end in (*SENTENCE_ENDS, ELLIPSIS) if end not in UNSPACED_ENDS))
_SENTENCE_END = re.compile(rf"[{_SPACED_ENDS}][\"'”’»)\]]{{0,3}}(?=\s)|[{''.join(UNSPACED_ENDS)}][」』”’）]{{0,3}}")
_ABBREVIATIONS = frozenset(load_words("abbreviations")["words"])
_VOWELS = frozenset("aeiouyáàâäãåæéèêëíìîïóòôöõøœúùûüůýąęıаеёиоуыэюяєіїαεηιουωάέήίόύώ")
_NO_LETTER = re.compile(r"^[\W_]+")
# Where words are not spaced, a Han character or kana counts as a word. Runs of them are matched, because adding up the
# lengths of runs is faster than finding every character.
_IDEOGRAPHS = re.compile("[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_LETTERS = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]+")


def summarise(paragraphs: Sequence[str], target_chars: int) -> str | None:
    """Return whole first sentences up to about `target_chars`; a first sentence that is longer is cut at a word."""
    text = ""
    for paragraph in paragraphs:
        if len(paragraph) < _PARAMS.sentence_chars and not paragraph.endswith(SENTENCE_ENDS):
            continue
        text = f"{text} {paragraph}" if text else paragraph
        if len(text) > target_chars:
            break
    if not text:
        return None
    if len(text) <= target_chars:
        return text
    end = 0
    for found in _SENTENCE_END.finditer(text, 0, target_chars + 1):
        if found.end() > target_chars:
            break
        if not _is_within_sentence(text, found):
            end = found.end()
    if end >= target_chars // _PARAMS.least_part:
        return text[:end]
    space = text.rfind(" ", target_chars // _PARAMS.cut_part, target_chars)
    return text[: space if space > 0 else target_chars].rstrip() + ELLIPSIS


def _is_within_sentence(text: str, stop: re.Match[str]) -> bool:
    """Return whether a full stop belongs to an ordinal or an abbreviation, or the sentence goes on in lower case."""
    if stop[0] != ".":
        return False
    after = text[stop.end() + 1 : stop.end() + 2]
    if after.islower():
        return True
    before = text[max(stop.start() - _PARAMS.token_chars, 0) : stop.start()]
    token = _NO_LETTER.sub("", before.rpartition(" ")[2]).casefold()
    if token.isdecimal():
        return len(token) <= _PARAMS.ordinal_digits
    if "." in token:
        return all(len(part) <= _PARAMS.ordinal_digits for part in token.split("."))
    if token in _ABBREVIATIONS or (len(token) == 1 and token.isalpha()):
        return True
    cased = token.isalpha() and token.upper() != token
    return cased and len(token) <= _PARAMS.abbreviation_letters and _VOWELS.isdisjoint(token)


def word_count(body: str, paragraphs: int) -> int:
    """Return the number of words of a body whose spaces are collapsed; estimated for scripts that put no spaces."""
    if not body:
        return 0
    spaces = body.count(" ")
    words = spaces + paragraphs
    if body.isascii() or len(body) < _PARAMS.min_chars_per_space * words:
        return words
    characters = sum(map(len, _IDEOGRAPHS.findall(body)))
    return max(words, characters + sum(len(run) // _PARAMS.letters_per_word for run in _LETTERS.findall(body)))
