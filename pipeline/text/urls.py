"""URLs as identifiers: canonical form, comparison key, registrable domain."""

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

import idna
import tldextract
from msgspec import Struct

from pipeline.text.wordlists import load_words

__all__ = ["UrlParams", "canonical_url", "is_front_page", "registrable_domain", "url_key", "wraps_another"]


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
# google.com/amp/s/news.example/a, news-example.cdn.ampproject.org/c/s/news.example/a. Only these two owners vouch for
# what they show: whoever has another host could take the id of anybody's article by an address of this form.
_CACHED = re.compile(
    r"https?://(?:(?:www\.)?google\.(?P<google>[a-z.]{2,7})/amp/|(?:(?P<cache>[a-z0-9-]{1,63})\.)?cdn\.ampproject\.org/[acivw]/)"
    r"(?P<secure>s)?(?(secure)/)(?=(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)/)",
    re.IGNORECASE,
)
_GOOGLE_SUFFIXES: frozenset[str] = frozenset(load_words("amp_caches")["google_suffixes"])
# The name that the cache gives to a host whose own one is too long for a label: a hash in base 32.
_HASHED_LABEL = re.compile(r"[a-z2-7]{52}")
# The address of another site's page within an address, as caches, translators and archives write it.
_WRAPPED = re.compile(
    r"(?:https?(?::|%3A)(?:/|%2F){1,2}|/(?:amp|[acivw])/(?:s/)?|/s/)(?P<host>(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})"
    r"(?![a-z0-9.-])",
    re.IGNORECASE,
)
_SESSION = re.compile(r";(?:jsessionid|phpsessid)=[^/;]*", re.IGNORECASE)
# Parameters of front pages: further pages of a list, searches, languages.
_OF_LISTS = frozenset({"page", "paged", "pg", "offset", "start", "s", "q", "search", "lang", "hl", "ver", "v"})
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
    return f"http{match['secure'] or ''}://{url[match.end() :]}" if match is not None and _vouches(match) else url


def _vouches(match: re.Match[str]) -> bool:
    """Return whether a cached address belongs to a cache, and to the place in it that shows this host."""
    if match["google"] is not None:
        return match["google"].lower() in _GOOGLE_SUFFIXES
    label = (match["cache"] or "").lower()
    return label in ("", _cache_label(match["host"].lower())) or _HASHED_LABEL.fullmatch(label) is not None


def _cache_label(host: str) -> str:
    """Return the name under which the AMP cache shows a host; the rules are in its documentation."""
    try:
        readable = idna.decode(host) if "xn--" in host else host
        label = readable.replace("-", "--").replace(".", "-")
        return label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
    except (idna.IDNAError, UnicodeError):
        return host


def wraps_another(canonical: str) -> bool:
    """Return whether a canonical URL contains the address of another site, whose article it may claim to be."""
    start = canonical.find("/", len("https://"))
    if start < 0:
        return False
    own = registrable_domain(canonical)
    hosts = (match["host"] for match in _WRAPPED.finditer(canonical, start))
    return any(_SUFFIXES.extract_str(host).suffix and registrable_domain(host) not in (own, None) for host in hosts)


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

    Fragments that are no routes, tracking parameters, default ports, credentials, mobile and AMP variants are folded
    away; the host is in lower-case ASCII. Scheme and `www.` stay, so that the result can be fetched; `url_key` folds
    them too.
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
    return f"{scheme}://{normal}{path}{'?' + query if query else ''}{_route(parts.fragment)}"


def _route(fragment: str) -> str:
    """Return the route of an address whose page is made in the browser, with its sign, else nothing.

    A fragment within the route is a place on the page, as other fragments are.
    """
    route = fragment.partition("#")[0]
    is_route = route.startswith(("!", "/")) and any(map(str.isalnum, route))
    return "#" + _normal_escapes(route) if is_route else ""


def url_key(canonical: str) -> str:
    """Return what two spellings of the same page share: no scheme, `www.`, index page or closing slash."""
    rest, sign, route = canonical.partition("://")[2].partition("#")
    location, mark, query = rest.partition("?")
    host, _, path = location.partition("/")
    host = host.removeprefix("www.")
    path = _INDEX.sub("", "/" + path).rstrip("/")
    return f"{host}{path}{mark}{query}{sign}{route.rstrip('/')}"


def is_front_page(canonical: str) -> bool:
    """Return whether a canonical URL is a site's front page: no path beyond a language, no number of an article."""
    location, _, query = url_key(canonical).partition("?")
    if "#" in canonical:
        return False
    path = location.partition("/")[2]
    is_root = len(path) <= 2 or (len(path) == 5 and path[2] in "-_")
    return is_root and not any(map(_names_article, query.split("&")))


def _names_article(pair: str) -> bool:
    """Return whether a parameter is the number of an article: /?p=42."""
    name, _, value = pair.partition("=")
    return name.lower() not in _OF_LISTS and any(map(str.isdecimal, value))


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
