"""What stands beside a name: whether it is a part of a longer name, or the first word of a sentence."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from pipeline.text.places.mentions import Mention, is_word_char
from pipeline.text.places.params import PLACE_PARAMS, PlaceParams
from pipeline.text.word_ranks import word_ranks

__all__ = ["Context"]

_CAPITAL_NOUNS: Final = frozenset({"de", "lb"})
_ENDS: Final = frozenset(".!?:;…\n\"“”„«»'‘’()[]|–—-")


class Context(Struct, frozen=True):
    """A text, and the words of its language that are no names even where they have a capital."""

    text: str
    ranks: Mapping[str, int]
    common_rank: int
    params: PlaceParams

    @classmethod
    def of(cls, text: str, language: str, params: PlaceParams = PLACE_PARAMS) -> "Context":
        """Return the context of names in a text of a language."""
        common = params.common_noun_rank if language in _CAPITAL_NOUNS else params.common_rank
        return cls(text, word_ranks(language), common, params)

    def is_free(self, mention: Mention) -> bool:
        """Whether no other name stands beside a name, so that it is not a person's or a company's."""
        return not (self._is_name(self._before(mention), mention) or self._is_name(self._after(mention), None))

    def begins_sentence(self, mention: Mention) -> bool:
        """Whether a name is the first word of a sentence or line, which has a capital in any case."""
        before = self.text[max(0, mention.start - 2) : mention.start].rstrip(" ")
        return not before or before[-1] in _ENDS or mention.start == 0

    def _before(self, mention: Mention) -> str:
        """Return the word before a name, with one space or hyphen between them; else nothing."""
        text, end = self.text, mention.start - 1
        if end < 1 or text[end] not in " -" or not is_word_char(text[end - 1]):
            return ""
        start = end
        while start > 0 and end - start < self.params.max_context_chars and is_word_char(text[start - 1]):
            start -= 1
        return text[start:end]

    def _after(self, mention: Mention) -> str:
        text, start = self.text, mention.end + 1
        if start >= len(text) or text[start - 1] not in " -":
            return ""
        end = start
        while end < len(text) and end - start < self.params.max_context_chars and is_word_char(text[end]):
            end += 1
        return text[start:end]

    def _is_name(self, word: str, after: Mention | None) -> bool:
        """Whether a word beside a name is likely one itself; `after` is the name it stands before, if it does."""
        if not word or not word[0].isupper():
            return False
        if self.ranks.get(word.lower(), self.common_rank + 1) <= self.common_rank:
            return False
        # The first word of a sentence has a capital in any case; without a list of words, nothing more is known of it.
        return bool(self.ranks) or after is None or not self._starts(after.start - 1 - len(word))

    def _starts(self, position: int) -> bool:
        before = self.text[max(0, position - 2) : position].rstrip(" ")
        return not before or before[-1] in _ENDS
