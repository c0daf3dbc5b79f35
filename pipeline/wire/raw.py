"""Read raw records as producers send them: a JSON object by schema, or a bare text or HTML body with headers."""

from typing import Final, Literal

from msgspec.structs import replace

from pipeline.domain.ids import ArticleId
from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.domain.record import Headers
from pipeline.text.charset import decode_bytes
from pipeline.text.identity import article_id
from pipeline.text.params import IngestParams
from pipeline.text.urls import canonical_url
from pipeline.wire.compression import decompress
from pipeline.wire.raw_json import action_of, load_json, read_json
from pipeline.wire.structured_events import event_body

__all__ = ["TRUNCATED_FROM", "decode_raw", "raw_key"]

_Markup = Literal["html", "text"]
_JSON_TYPES = frozenset({"application/json", "text/json"})
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
TRUNCATED_FROM: Final = "truncated-from-bytes"
"""Header of a record that its reader cut, with its true length in bytes. `ingest` rejects it."""


def decode_raw(value: bytes | None, headers: Headers, params: IngestParams) -> RawArticle | Reject:
    """Read a raw record; return a Reject when it cannot be an article. No value raises an exception."""
    if not value:
        return Reject("empty_value", "null value" if value is None else "zero bytes")
    if len(value) > params.max_raw_bytes:
        return Reject("too_large", f"{len(value)} bytes, limit {params.max_raw_bytes}")
    named = _named(headers)
    if TRUNCATED_FROM in named:
        return Reject("too_large", "truncated by its reader because of its size")
    plain = decompress(
        value,
        named.get("content-encoding"),
        max_bytes=params.max_decoded_bytes,
        max_ratio=params.max_expansion_ratio,
    )
    article = plain if isinstance(plain, Reject) else _shaped(plain, named, params)
    return article if isinstance(article, Reject) else _checked(article, params)


def _shaped(plain: bytes, named: dict[str, str], params: IngestParams) -> RawArticle | Reject:
    """Read the form that the content-type states; JSON is the default."""
    media_type, charset = _content_type(named.get("content-type"))
    if not media_type or _is_json(media_type):
        return _from_json(plain, charset, named, params)
    if media_type in _HTML_TYPES:
        return _from_body(plain, named, "html", charset)
    if media_type == "text/plain":
        return _from_body(plain, named, "text", charset)
    return Reject("unsupported_content_type", "content-type is not JSON, HTML or plain text")


def _is_json(media_type: str) -> bool:
    return media_type in _JSON_TYPES or media_type.endswith("+json")


def raw_key(value: bytes | None, headers: Headers, params: IngestParams | None = None) -> ArticleId | None:
    """Return the key of a raw record, the id of its article; None for a record that `ingest` rejects."""
    raw = decode_raw(value, headers, params or _DEFAULTS)
    return None if isinstance(raw, Reject) else raw.article_id


_DEFAULTS = IngestParams()


def _named(headers: Headers) -> dict[str, str]:
    """Return headers as text by name, in lower case with `-` for `_`; of equal names, the last header counts."""
    named: dict[str, str] = {}
    for name, value in headers:
        if value is not None:
            named[name.lower().replace("_", "-")] = value.decode("utf-8", "replace")
    return named


def _content_type(header: str | None) -> tuple[str, str | None]:
    if not header:
        return "", None
    media_type, _, rest = header.partition(";")
    charset = None
    for parameter in rest.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip():
            charset = value.strip().strip("\"'")
    return media_type.strip().lower(), charset


def _from_json(plain: bytes, charset: str | None, named: dict[str, str], params: IngestParams) -> RawArticle | Reject:
    found = load_json(plain, charset)
    if isinstance(found, Reject):
        return found
    body = event_body(found)
    if body is None:
        return read_json(found, params)
    # CloudEvents in structured mode; an event within its data is not looked for.
    data, attributes = body
    media_type, charset = _content_type(attributes["content-type"])
    if not _is_json(media_type):
        return _shaped(data, named | attributes, params)
    found = load_json(data, charset)
    return found if isinstance(found, Reject) else read_json(found, params)


def _from_body(plain: bytes, named: dict[str, str], markup: _Markup, charset: str | None) -> RawArticle | Reject:
    action = action_of(named.get("action"))
    if isinstance(action, Reject):
        return action
    body = decode_bytes(plain, charset, is_html=markup == "html")
    if body is None and action == "publish":
        return Reject("undecodable", "not text in the stated or any likely charset")
    author = named.get("author")
    return RawArticle(
        url=named.get("url"),
        id=named.get("id"),
        action=action,
        html=body if markup == "html" else None,
        text=body if markup == "text" else None,
        title=named.get("title"),
        subtitle=named.get("subtitle"),
        source=named.get("source"),
        published_at=named.get("published-at"),
        modified_at=named.get("modified-at"),
        fetched_at=named.get("fetched-at"),
        language=named.get("language"),
        authors=(author,) if author else (),
        section=named.get("section"),
    )


def _checked(article: RawArticle, params: IngestParams) -> RawArticle | Reject:
    """Check identity and presence of content; return the article with its id and canonical URL."""
    article = replace(
        article,
        url=(article.url or "").strip() or None,
        id=(article.id or "").strip() or None,
        source=(article.source or "").strip() or None,
    )
    canonical = _canonical(article.url, params) if article.url is not None else None
    if isinstance(canonical, Reject):
        return canonical
    fitting = _fitting(article, params)
    if isinstance(fitting, Reject):
        return fitting
    has_content = bool((fitting.html or "").strip() or (fitting.text or "").strip())
    if fitting.action == "publish" and not has_content:
        return Reject("missing_content", "neither html nor text")
    # Only a retraction has no content; it must be identified by URL or id.
    content = (fitting.title or "", fitting.html or "", fitting.text or "") if has_content else ()
    identity = article_id(canonical=canonical, given_id=fitting.id, source=fitting.source, content=content)
    if identity is None:
        return Reject("missing_identity", "neither url nor id, nor a source to which the text belongs")
    return replace(fitting, canonical=canonical, article_id=identity)


def _canonical(url: str, params: IngestParams) -> str | Reject:
    if len(url) > params.max_url_chars:
        return Reject("invalid_url", "url too long")
    return canonical_url(url) or Reject("invalid_url", "not an absolute http(s) URL")


def _fitting(article: RawArticle, params: IngestParams) -> RawArticle | Reject:
    """Leave out an id and a source that are too long, and check that nothing unreadable is needed.

    Of an article with a URL, the URL is the identity, so an id or source that cannot be used costs only itself.
    """
    limits = (("id", article.id, params.max_id_chars), ("source", article.source, params.max_label_chars))
    for name, value, limit in limits:
        if value is not None and len(value) > limit:
            if article.url is None:
                return Reject("invalid_schema", f"{name} longer than {limit} characters")
            article = replace(article, **{name: None}, unreadable=(*article.unreadable, name))
    needed: list[str] = []
    if article.url is None:
        needed += ["source"] if article.id is not None else ["url", "id", "source"]
    if article.action == "publish" and article.html is None and article.text is None:
        needed += ["html", "text"]
    wrong = next((name for name in needed if name in article.unreadable), None)
    return article if wrong is None else Reject("invalid_schema", f"wrong type in {wrong}")
