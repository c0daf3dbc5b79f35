"""Classify an element by the words of its class and id."""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct
from selectolax.lexbor import LexborNode

from pipeline.text.wordlists import load_words

__all__ = ["ElementNames", "classify_names", "names_in", "names_of"]


class ElementNames(Struct, frozen=True):
    """What an element's class and id state about its content."""

    boilerplate: bool = False
    """It may stand within an article without being its text: sharing buttons, captions, teasers."""
    separate: bool = False
    """It is content of its own, however long: comments, related stories, consent."""
    is_widget: bool = False
    """All words that name it boilerplate or separate are of things on the screen that contain no running text."""
    article_body: bool = False
    """It is the article's text."""


class _NameParams(Struct, frozen=True):
    max_chars: int = 400
    """Characters of class and id that are read; a limit on work (giant class attributes)."""


_PARAMS = _NameParams()
_WORD = re.compile(r"[a-z]+|[A-Z][a-z]+|[A-Z]+(?![a-z])")
_LISTS = load_words("class_names")
_BOILERPLATE = frozenset(_LISTS["boilerplate"])
_SEPARATE = frozenset(_LISTS["separate"])
_WIDGETS = frozenset(_LISTS["widget"])
_TELLING = _BOILERPLATE | _SEPARATE
_HIDING_TOKENS = frozenset(
    {"sr-only", "screen-reader-text", "visually-hidden", "visuallyhidden", "d-none", "hidden", "hide"}
)
# Tokens that describe the article's subject, or what a layout has beside it, and not the element itself.
_UNINFORMATIVE = re.compile(
    r"^(?:tag-|category-|cat-|author-|post_tag|type-|format-|status-|has-|no-|with-|without-|is-|js-|wp-|td-|topic-|"
    r"section-|[\w-]+-(?:enabled|open|fixed)$|elementor|et_pb|vc_|field--|text-|label-|col-|row|grid|layout-|page-|single-|post-\d|hentry|site-)"
)
_ARTICLE_BODY = re.compile(
    r"(?:article|story|entry|post|content|news)[-_]{0,2}(?:body|content|text|inner-?body)(?![a-z])|body[-_]{0,2}(?:copy|text)|"
    r"articleText|storyText|post-?message",
    re.IGNORECASE,
)
_BODY_PARTS = ("body", "content", "text", "message")


def names_of(node: LexborNode) -> str:
    """Return an element's class, id and role, preceded by its tag if that is a custom element's."""
    return names_in(node.tag or "", node.attributes)


def names_in(tag: str, attributes: Mapping[str, str | None]) -> str:
    """Return the same of an element, given its tag and attributes."""
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    if "role" in attributes:
        names = f"{names} {attributes['role'] or ''}"
    return f"{tag} {names}" if "-" in tag else names


@lru_cache(maxsize=16_384)
def classify_names(names: str) -> ElementNames:
    """Classify an element by its class and id, given with a space between them."""
    found: set[str] = set()
    names = names[: _PARAMS.max_chars]
    tokens = names.split()
    for token in tokens:
        found.update(_telling_words(token))
    is_hiding = not _HIDING_TOKENS.isdisjoint(tokens)
    boilerplate = found & _BOILERPLATE
    separate = found & _SEPARATE
    return ElementNames(
        boilerplate=is_hiding or bool(boilerplate),
        separate=bool(separate),
        is_widget=not is_hiding and bool(found) and found <= _WIDGETS,
        article_body=_names_body(names),
    )


@lru_cache(maxsize=16_384)
def _telling_words(token: str) -> frozenset[str]:
    """Return the words of a class or id, alone and in pairs, that name something beside the article."""
    if _UNINFORMATIVE.match(token):
        return frozenset()
    words = [word.lower() for word in _WORD.findall(token)]
    return _TELLING.intersection((*words, *map("".join, pairwise(words))))


def _names_body(names: str) -> bool:
    folded = names.casefold()
    # One of these is in all of the names; looking for them takes a tenth of the time.
    return any(map(folded.__contains__, _BODY_PARTS)) and _ARTICLE_BODY.search(names) is not None
