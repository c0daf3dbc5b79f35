"""URLs as identifiers: canonical form, comparison key, registrable domain."""

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

import idna
import tldextract
from msgspec import Struct

from pipeline.text.wordlists import load_words

__all__ = ["UrlParams", "canonical_url", "is_front_page", "registrable_domain", "url_key"]


class UrlParams(Struct, frozen=True, kw_only=True):
    """Limits of URLs."""

    max_chars: int = 4096
    """Longest URL; browsers and proxies give up between 2,000 and 8,000."""
    max_host_chars: int = 253
    """Longest host name; RFC 1035."""


_PARAMS = UrlParams()
_REMEMBERED = 16_384  # hosts; changes no result
# Bundled public-suffix snapshot only: no network, no cache on disk, the same answer on every worker of a release.
_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

_WORDS = load_words("tracking")
_TRACKING_PREFIXES: tuple[str, ...] = tuple(_WORDS["prefixes"])
_TRACKING: frozenset[str] = frozenset(_WORDS["names"])
_MOBILE_LABELS = frozenset({"m", "mobile", "amp", "touch", "wap"})
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SAFE = "%/:?#[]@!$&'()*+,;=-._~"
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
# google.com/amp/s/news.example/a, news-example.cdn.ampproject.org/c/s/news.example/a, amp.cloudflare.com likewise.
_CACHED = re.compile(
    r"https?://(?:(?:www\.)?google\.[a-z.]{2,7}/amp/|(?:[a-z0-9-]{1,63}\.)?cdn\.ampproject\.org/[acivw]/)"
    r"(?P<secure>s)?(?(secure)/)(?=[a-z0-9-]+(?:\.[a-z0-9-]+)+/)",
    re.IGNORECASE,
)
_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f<>\"{}|\\^`\u0085\u00a0\u2028\u2029\ud800-\udfff]")


def _escaped(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else match[0].upper()


def _normal_escapes(part: str) -> str:
    """Write escapes one way: upper-case, none for unreserved characters, all for non-ASCII."""
    if "%" in part:
        part = _ESCAPE.sub(_escaped, _STRAY_PERCENT.sub("%25", part))
    if part.isascii() and not _FORBIDDEN.search(part):
        return part
    return quote(part, safe=_SAFE)


@lru_cache(maxsize=_REMEMBERED)
def _normal_host(host: str) -> str | None:
    """Return the host in lower-case ASCII, or None when it is none."""
    host = host.rstrip(".").lower()
    if ":" in host:
        try:
            return f"[{ip_address(host).compressed}]"
        except ValueError:
            return None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii").rstrip(".")
        except (idna.IDNAError, UnicodeError):
            return None
    if len(host) > _PARAMS.max_host_chars or _HOST.fullmatch(host) is None:
        return None
    return _without_mobile_label(host)


def _without_mobile_label(host: str) -> str:
    """Drop `m.`, `amp.` and the like where something registrable remains."""
    labels = host.split(".")
    for position in (0, 1):
        if len(labels) - position > 2 and labels[position] in _MOBILE_LABELS:
            rest = ".".join(labels[:position] + labels[position + 1 :])
            if registrable_domain(rest) == registrable_domain(host) != host:
                return rest
    return host


def _without_dots(path: str) -> str:
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _original(url: str) -> str:
    """Return the address of the page that an AMP cache or viewer of a search engine shows."""
    match = _CACHED.match(url) if "amp" in url else None
    return f"http{match['secure'] or ''}://{url[match.end() :]}" if match is not None else url


def _without_amp(path: str) -> str:
    if "amp" not in path:
        return path
    if path.startswith("/amp/") and len(path) > len("/amp/"):
        path = path[len("/amp") :]
    for ending, replacement in (("/amp/", "/"), ("/amp", ""), (".amp.html", ".html"), (".amp", "")):
        if path.endswith(ending):
            return path[: -len(ending)] + replacement or "/"
    return path


def _query(query: str) -> str:
    """Drop what tracks, sort the rest: the order of parameters means nothing to servers."""
    if not query:
        return ""
    kept = []
    for pair in query.split("&"):
        name = pair.partition("=")[0].lower()
        if pair and name not in _TRACKING and not name.startswith(_TRACKING_PREFIXES) and pair.lower() != "output=amp":
            kept.append(_normal_escapes(pair))
    kept.sort()
    return "&".join(kept)


def canonical_url(url: str) -> str | None:
    """Return the one spelling of an http(s) URL, or None when it is not one.

    Fragments, tracking parameters, default ports, credentials, mobile and AMP variants are folded away; the host is
    in lower-case ASCII. Scheme and `www.` stay, so that the result can be fetched; `url_key` folds them too.
    """
    url = _original(url.strip())
    if not url or len(url) > _PARAMS.max_chars or "://" not in url[:8]:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in {"http", "https"} or not host or _FORBIDDEN.search(parts.netloc):
        return None
    normal = _normal_host(host)
    if normal is None:
        return None
    if port is not None and port != (443 if scheme == "https" else 80):
        normal = f"{normal}:{port}"
    path = _without_amp(_without_dots(_normal_escapes(_SESSION.sub("", parts.path) or "/")))
    query = _query(parts.query)
    return f"{scheme}://{normal}{path}{'?' + query if query else ''}"


def url_key(canonical: str) -> str:
    """Return what two spellings of the same page share: no scheme, `www.`, index page or closing slash."""
    rest = canonical.partition("://")[2]
    location, mark, query = rest.partition("?")
    host, _, path = location.partition("/")
    host = host.removeprefix("www.")
    path = _INDEX.sub("", "/" + path).rstrip("/")
    return f"{host}{path}{mark}{query}"


def is_front_page(canonical: str) -> bool:
    """Return whether a canonical URL is a site's front page, by having no path beyond a language."""
    location = url_key(canonical).partition("?")[0]
    path = location.partition("/")[2]
    return len(path) <= 2 or (len(path) == 5 and path[2] in "-_")


@lru_cache(maxsize=_REMEMBERED)
def _registrable(host: str) -> str | None:
    # Who has a name under a host of blogs is a publisher of their own; the host itself is one by the registry's rules.
    for private in (True, False):
        found = _SUFFIXES.extract_str(host, include_psl_private_domains=private)
        if found.top_domain_under_public_suffix:
            return str(found.top_domain_under_public_suffix)
    if found.suffix or found.ipv4 or found.ipv6:
        return None
    # The list's own default rule: an unknown last label is a public suffix.
    labels = host.strip(".").split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 else None


def registrable_domain(url_or_host: str) -> str | None:
    """Return the domain somebody registered (`bbc.co.uk`, `ada.blogspot.com`), or None for addresses and suffixes."""
    host = url_or_host
    if "://" in host:
        try:
            host = urlsplit(host).hostname or ""
        except ValueError:
            return None
    return _registrable(host.lower()) if host else None
