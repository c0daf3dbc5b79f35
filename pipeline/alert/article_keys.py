"""What of an article queries can ask for, as keys: words, forms of words, values of filters."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from pipeline.alert.params import MATCHING
from pipeline.search.analysis import STEMMERS, analysed
from pipeline.search.documents import stemmed
from pipeline.search.params import INDEX

__all__ = ["ArticleKeys", "article_keys", "first_key", "keys_of", "primary_language", "value_key"]

_UNKNOWN: Final = "und"


class ArticleKeys(Struct, frozen=True):
    """An article as queries are compared with it.

    `keys`: its words, their common forms, the first letters of words that are not ASCII, and its values of filters.
    `headline`, `text`: their words, with a space before and after each.
    """

    keys: frozenset[str]
    headline: str
    text: str


def value_key(name: str, value: str) -> str:
    """Return the key of a value of a filter. It has a sign that no word and no form of one has."""
    return f"{name}={value}"


def first_key(text: str) -> str:
    """Return the key of the words that begin with the first letter of a text."""
    return f"first={text[0]}"


def primary_language(value: Mapping[str, Any]) -> str:
    """Return the first part of the tag of an article's language.

    Raises:
        KeyError, TypeError, AttributeError: The value is not as its schema says.
    """
    tag: str = value["language"]["tag"] if "language" in value else _UNKNOWN
    return tag.partition("-")[0]


def article_keys(value: Mapping[str, Any]) -> ArticleKeys:
    """Return the keys of an enriched article.

    Args:
        value: The value of its event.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: The value is not as its schema says.
    """
    headline = analysed(_text(value, "headline")[: INDEX.max_headline_chars])
    lead = _text(value, "subheadline")[: INDEX.max_headline_chars]
    text = analysed(f"{lead}\n{_text(value, 'body')[: INDEX.max_body_chars]}")
    return keys_of(headline, text, primary_language(value), _values(value))


def keys_of(headline: str, text: str, language: str, values: list[str]) -> ArticleKeys:
    """Return the keys of an article whose texts were cut into words before.

    Args:
        headline: Its words, separated by spaces.
        text: Likewise.
        language: The first part of its language's tag.
        values: The keys of its values of filters.
    """
    words = {*headline.split(), *text.split()}
    keys = {*words, *values}
    if language in STEMMERS:
        keys |= _STEMS[language].of(words)
    keys.update(f"first={word[0]}" for word in words if not word.isascii())
    return ArticleKeys(frozenset(keys), f" {headline} ", f" {text} ")


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name) or ""
    if not isinstance(found, str):
        raise TypeError(f"{name} is a text")
    return found


def _values(value: Mapping[str, Any]) -> list[str]:
    found = [value_key("language", primary_language(value))]
    for subject in value.get("subjects", ()):
        found.append(value_key("subject", subject["code"]))
        if subject["reliable"]:
            found.append(value_key("reliable", subject["code"]))
    publisher = value.get("publisher") or {}
    found += [
        value_key(name, publisher[key])
        for name, key in (("publisher", "id"), ("country", "country"))
        if key in publisher
    ]
    return found


class _Stems:
    """The common forms of words of one language. News repeats its words, so nearly all of them are known already."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._known: dict[str, str] = {}

    def of(self, words: set[str]) -> set[str]:
        known = self._known
        missing = [word for word in words if word not in known]
        if missing:
            if len(known) > MATCHING.max_stems:
                self._known = known = {}
                missing = list(words)
            known.update(zip(missing, stemmed(" ".join(missing), self._language).split(" "), strict=True))
        return {known[word] for word in words}


_STEMS: Final = {language: _Stems(language) for language in STEMMERS}
