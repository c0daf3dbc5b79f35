"""Read raw records as producers send them: a JSON object by schema, or a bare text or HTML body with headers."""

from typing import Any, Literal, get_args

import msgspec
import orjson
from msgspec import Struct

from pipeline.domain.ids import ArticleId
from pipeline.domain.outcome import Reject
from pipeline.domain.raw import Action, RawArticle, RawAuthor
from pipeline.domain.record import Headers
from pipeline.text.charset import decode_bytes
from pipeline.text.identity import article_id
from pipeline.text.params import IngestParams
from pipeline.text.urls import canonical_url
from pipeline.wire.compression import decompress

__all__ = ["decode_raw", "raw_key"]

Markup = Literal["html", "text", "none"]


class _JsonArticle(Struct, frozen=True, kw_only=True):
    """The JSON form: all known fields with their types; null means absent."""

    url: str | None = None
    id: str | None = None
    action: str | None = None
    html: str | None = None
    text: str | None = None
    title: str | None = None
    subtitle: str | None = None
    source: str | None = None
    published_at: str | None = None
    modified_at: str | None = None
    fetched_at: str | None = None
    language: str | None = None
    authors: list[str | RawAuthor] | str | None = None
    section: str | None = None
    tags: list[str] | None = None
    rights: dict[str, Any] | str | None = None


_FIELDS = frozenset(_JsonArticle.__struct_fields__)
_JSON_TYPES = frozenset({"application/json", "text/json"})
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_ACTIONS: dict[str, Action] = {action: action for action in get_args(Action)}
# Header that pipeline/sources adds to a record that was too large to be read completely.
_TRUNCATED = "truncated-from-bytes"
_JSON_SPACE = b" \t\r\n"


def decode_raw(value: bytes | None, headers: Headers, params: IngestParams) -> RawArticle | Reject:
    """Read a raw record; return a Reject when it cannot be an article. No value raises an exception."""
    if not value:
        return Reject("empty_value", "null value" if value is None else "zero bytes")
    if len(value) > params.max_raw_bytes:
        return Reject("too_large", f"{len(value)} bytes, limit {params.max_raw_bytes}")
    named = _named(headers)
    if _TRUNCATED in named:
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
    if not media_type or media_type in _JSON_TYPES or media_type.endswith("+json"):
        return _from_json(plain, charset, params)
    if media_type in _HTML_TYPES:
        return _from_body(plain, named, "html", charset)
    if media_type == "text/plain":
        return _from_body(plain, named, "text", charset)
    return Reject("unsupported_content_type", "content-type is not JSON, HTML or plain text")


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


def _loads(plain: bytes, charset: str | None) -> object:
    """Decode JSON; return a Reject when that fails."""
    if (charset is not None and charset.lower() not in {"utf-8", "utf8", "us-ascii"}) or plain[:1] in b"\xef\xff\xfe":
        text = decode_bytes(plain, charset, is_html=False)
        if text is None:
            return Reject("undecodable", "not text in the stated charset")
        plain = text.encode("utf-8", "surrogatepass")
    try:
        return orjson.loads(plain)
    except (orjson.JSONDecodeError, RecursionError):
        try:
            plain.decode("utf-8")
        except UnicodeDecodeError as error:
            return Reject("undecodable", f"not UTF-8 at byte {error.start}")
        return Reject("invalid_json", "empty" if not plain.strip(_JSON_SPACE) else "not a JSON document")


def _from_json(plain: bytes, charset: str | None, params: IngestParams) -> RawArticle | Reject:
    found = _loads(plain, charset)
    if isinstance(found, Reject):
        return found
    if not isinstance(found, dict):
        return Reject("invalid_schema", "not a JSON object")
    try:
        shaped = msgspec.convert(found, _JsonArticle)
    except (msgspec.ValidationError, RecursionError) as error:
        return Reject("invalid_schema", _shape_error(error))
    action = _ACTIONS.get(shaped.action or "publish")
    if action is None:
        return Reject("unknown_action", "action is neither publish nor retract")
    extra = {name: found[name] for name in found if name not in _FIELDS} if len(found) > 1 else {}
    rights = {"statement": shaped.rights} if isinstance(shaped.rights, str) else shaped.rights
    if _deeper(extra, params.max_json_depth) or _deeper(rights, params.max_json_depth):
        return Reject("invalid_json", f"nested deeper than {params.max_json_depth}")
    authors = (shaped.authors,) if isinstance(shaped.authors, str) else tuple(shaped.authors or ())
    return RawArticle(
        url=shaped.url,
        id=shaped.id,
        action=action,
        html=shaped.html,
        text=shaped.text,
        title=shaped.title,
        subtitle=shaped.subtitle,
        source=shaped.source,
        published_at=shaped.published_at,
        modified_at=shaped.modified_at,
        fetched_at=shaped.fetched_at,
        language=shaped.language,
        authors=authors,
        section=shaped.section,
        tags=tuple(shaped.tags or ()),
        rights=rights or None,
        extra=extra or None,
    )


def _shape_error(error: Exception) -> str:
    """Return the detail of a wrong shape. It names only fields of the schema, because other names are content."""
    message = str(error)
    _, mark, path = message.rpartition(" - at `$.")
    field = path.split("[")[0].split(".")[0].rstrip("`") if mark else ""
    return f"wrong type in {field}" if field in _FIELDS else "wrong type"


def _from_body(plain: bytes, named: dict[str, str], markup: Markup, charset: str | None) -> RawArticle | Reject:
    action = _ACTIONS.get(named.get("action") or "publish")
    if action is None:
        return Reject("unknown_action", "action is neither publish nor retract")
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


def _deeper(value: object, limit: int) -> bool:
    """Return whether containers are nested deeper than the limit, without recursion."""
    level = [value]
    for _ in range(limit):
        level = [
            child
            for container in level
            for child in (
                container.values() if isinstance(container, dict) else container if isinstance(container, list) else ()
            )
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _checked(article: RawArticle, params: IngestParams) -> RawArticle | Reject:
    """Check identity and presence of content; return the article with its id and canonical URL."""
    url = (article.url or "").strip() or None
    given_id = (article.id or "").strip() or None
    source = (article.source or "").strip() or None
    if given_id is not None and len(given_id) > params.max_id_chars:
        return Reject("invalid_schema", f"id longer than {params.max_id_chars} characters")
    if source is not None and len(source) > params.max_label_chars:
        return Reject("invalid_schema", f"source longer than {params.max_label_chars} characters")
    canonical = None
    if url is not None:
        canonical = canonical_url(url) if len(url) <= params.max_url_chars else None
        if canonical is None:
            return Reject(
                "invalid_url", "not an absolute http(s) URL" if len(url) <= params.max_url_chars else "url too long"
            )
    has_content = (article.html or "").strip() or (article.text or "").strip()
    if article.action == "publish" and not has_content:
        return Reject("missing_content", "neither html nor text")
    # Only a retraction has no content; it must be identified by URL or id.
    content = (article.title or "", article.html or "", article.text or "") if has_content else ()
    identity = article_id(canonical=canonical, given_id=given_id, source=source, content=content)
    if identity is None:
        return Reject("missing_identity", "neither url nor id, nor a source to which the text belongs")
    return msgspec.structs.replace(
        article, url=url, id=given_id, source=source, canonical=canonical, article_id=identity
    )
