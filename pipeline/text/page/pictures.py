"""Choose the pictures of an article among those that its page states: not the site's logo, nor a place holder."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.params import PAGE_PARAMS, MetadataParams
from pipeline.text.wordlists import load_words

__all__ = ["choose_pictures", "is_small", "is_stand_in"]

_WORDS = load_words("pictures")
_STAND_INS = frozenset(_WORDS["stand_ins"])
_LOGOS = frozenset(_WORDS["logos"])
_NEUTRAL = frozenset(_WORDS["neutral"])
_HOSTS: tuple[str, ...] = tuple(_WORDS["hosts"])
_WORD = re.compile(r"[A-Za-z]{2,}")
_PICTURES = "figure img,picture img"
# Where a site shows its own logo.
_OWN = "img[class*=logo],img[id*=logo],[class*=logo] img,[id*=logo] img"
_SCHEME = re.compile(r"^(?:https?:)?//[^/]*")
_SUFFIX = re.compile(r"\.[a-z]{3,4}$", re.IGNORECASE)


def choose_pictures(
    tree: LexborHTMLParser, metadata: PageMetadata, params: MetadataParams = PAGE_PARAMS.metadata
) -> None:
    """Drop what is not a picture of the article from the metadata; without any, add the first large ones of the page.

    The publisher's logo as the page states or shows it, and place holders, are dropped. What is only named a logo, as
    is a photograph of one, comes last.
    """
    stated = dict.fromkeys(url.strip() for url in metadata.images)
    if stated:
        own = {_path(url) for url in (*metadata.logos, *_shown_logos(tree, params))}
        names = [_letters(name) for name in (metadata.site_name, metadata.publisher) if name]
        kept = [url for url in stated if _path(url) not in own and not is_stand_in(url, names)]
        metadata.images = [*(url for url in kept if not _has_logo(url)), *filter(_has_logo, kept)]
    if not metadata.images:
        metadata.images = list(islice(_large_pictures(tree.css(_PICTURES), params), params.max_pictures))


def is_stand_in(url: str, names: Sequence[str] = ()) -> bool:
    """Return whether an address names a picture that stands for any article: a logo, an icon, a place holder.

    Args:
        url: The address.
        names: The site's names, in small letters without spaces.
    """
    parts = urlsplit(url) if len(url) <= PAGE_PARAMS.metadata.max_picture_chars else None
    if parts is None or not parts.path:
        return False
    host = (parts.hostname or "").casefold()
    name = parts.path.rsplit("/", 1)[-1]
    if any(known in host for known in _HOSTS):
        return True
    words = [word.casefold() for word in _WORD.findall(name.rsplit(".", 1)[0])]
    if not any(word in _STAND_INS or _is_logo(word) for word in words):
        return False
    rest = [word for word in words if word not in _STAND_INS and word not in _NEUTRAL and not _is_logo(word)]
    return all(word in host or any(word in name for name in names) for word in rest)


def is_small(width: object, params: MetadataParams = PAGE_PARAMS.metadata) -> bool:
    """Return whether a stated width, a number or its digits, is that of an icon."""
    text = str(width).removesuffix("px") if isinstance(width, str | int) else ""
    return text.isdecimal() and len(text) <= params.max_width_digits and int(text) < params.min_picture_pixels


def _is_logo(word: str) -> bool:
    return any(word == logo or word.endswith(logo) for logo in _LOGOS)


def _has_logo(url: str) -> bool:
    return any(_is_logo(word.casefold()) for word in _WORD.findall(url.rsplit("/", 1)[-1].split("?", 1)[0]))


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _path(url: str) -> str:
    """Return an address without its host; without its query, too, by which the sizes of one file differ."""
    whole = _SCHEME.sub("", url.strip()).casefold()
    path = whole.split("?", 1)[0]
    return path if _SUFFIX.search(path) is not None else whole


def _shown_logos(tree: LexborHTMLParser, params: MetadataParams) -> Iterator[str]:
    """Yield the addresses of the site's logo as it shows it, which is not in the article."""
    for node in tree.css(_OWN)[: params.max_own_pictures]:
        if not _is_in_article(node):
            yield from filter(None, (node.attributes.get(name) for name in ("src", "data-src")))


def _is_in_article(node: LexborNode | None) -> bool:
    while node is not None and node.tag not in {"body", "html"}:
        if node.tag in {"article", "main", "figure"}:
            return True
        node = node.parent
    return False


def _large_pictures(nodes: Iterable[LexborNode], params: MetadataParams) -> Iterator[str]:
    for node in nodes:
        attributes = node.attributes
        source = attributes.get("src") or attributes.get("data-src") or ""
        large = source and not source.startswith("data:") and not is_small(attributes.get("width"), params)
        if large and not is_stand_in(source):
            yield source
