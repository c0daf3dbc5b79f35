"""Find out which of many phrases a text has, without looking for each of them."""

from collections.abc import Sequence

from msgspec import Struct

__all__ = ["Phrases", "TextWords"]

_START_CHARS = 4
"""Characters of a phrase's last word by which it is looked up."""


class TextWords(Struct, frozen=True):
    """The words of a text, which white space separates."""

    whole: frozenset[str]
    starts: frozenset[str]
    """Their first characters."""

    @classmethod
    def of(cls, text: str) -> "TextWords":
        """Read the words of a text."""
        words = frozenset(text.split())
        return cls(words, frozenset([word[:_START_CHARS] for word in words]))


class Phrases(Struct, frozen=True):
    """Phrases, of which only those are looked for that a text may have by its words."""

    by_word: dict[str, list[tuple[str, frozenset[str]]]]
    """Those of three words and more, by the longest of the inner ones, all of which are words of the text as well."""
    by_start: dict[str, list[str]]
    """Those of two words by the beginning of the second one, with which a word of the text begins, too."""
    others: list[str]

    @classmethod
    def of(cls, phrases: Sequence[str]) -> "Phrases":
        """Arrange phrases, whose words have one space between them."""
        by_word: dict[str, list[tuple[str, frozenset[str]]]] = {}
        by_start: dict[str, list[str]] = {}
        others: list[str] = []
        for phrase in phrases:
            *inner, last = phrase.split(" ")
            inner = inner[1:]
            if inner:
                by_word.setdefault(max(inner, key=len), []).append((phrase, frozenset(inner)))
            elif " " in phrase and len(last) >= _START_CHARS:
                by_start.setdefault(last[:_START_CHARS], []).append(phrase)
            else:
                others.append(phrase)
        return cls(by_word, by_start, others)

    def found(self, text: str, words: TextWords) -> list[str]:
        """Return the phrases that a text has, in no order.

        Args:
            text: In small letters, as the phrases are.
            words: Its words.
        """
        likely = [pair for word in self.by_word.keys() & words.whole for pair in self.by_word[word]]
        found = [phrase for phrase, inner in likely if inner <= words.whole]
        found += [phrase for start in self.by_start.keys() & words.starts for phrase in self.by_start[start]]
        found += self.others
        return [phrase for phrase in found if phrase in text]
