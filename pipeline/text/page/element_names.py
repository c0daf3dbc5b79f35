"""What class names and ids say about an element, judged word by word."""

import re
from functools import lru_cache

from msgspec import Struct

from pipeline.text.wordlists import load_words

__all__ = ["ElementNames", "read_names"]


class ElementNames(Struct, frozen=True):
    """What an element's class and id say."""

    beside: bool = False
    """Something that may stand within an article without being its text: sharing, captions, teasers."""
    apart: bool = False
    """Something of its own, however long: comments, related stories, consent."""
    body: bool = False
    """The article's text."""


_WORD = re.compile(r"[a-z]+|[A-Z][a-z]+|[A-Z]+(?![a-z])")
_LISTS = load_words("class_names")
_BESIDE = frozenset(_LISTS["beside"])
_APART = frozenset(_LISTS["apart"])
_HIDING_TOKENS = frozenset(
    {"sr-only", "screen-reader-text", "visually-hidden", "visuallyhidden", "d-none", "hidden", "hide"}
)
# Tokens that tell what the article is about, or what a layout has beside it, not what the element is.
_SAYS_NOTHING = re.compile(
    r"^(?:tag-|category-|cat-|author-|post_tag|type-|format-|status-|has-|no-|with-|without-|is-|js-|wp-|td-|topic-|"
    r"section-|[\w-]+-(?:enabled|open|fixed)$|elementor|et_pb|vc_|field--|text-|label-|col-|row|grid|layout-|page-|single-|post-\d|hentry|site-)"
)
_BODY = re.compile(
    r"(?:article|story|entry|post|content|news)[-_]{0,2}(?:body|content|text|inner-?body)(?![a-z])|body[-_]{0,2}(?:copy|text)|"
    r"articleText|storyText|post-?message",
    re.IGNORECASE,
)
_MAX_CHARS = 400


@lru_cache(maxsize=16_384)
def read_names(names: str) -> ElementNames:
    """Judge an element's class and id, written with a space between."""
    beside = apart = False
    names = names[:_MAX_CHARS]
    for token in names.split():
        if token in _HIDING_TOKENS:
            beside = True
        if _SAYS_NOTHING.match(token):
            continue
        words = [word.lower() for word in _WORD.findall(token)]
        beside = beside or not _BESIDE.isdisjoint(words)
        apart = apart or not _APART.isdisjoint(words)
    return ElementNames(beside=beside, apart=apart, body=_BODY.search(names) is not None)
