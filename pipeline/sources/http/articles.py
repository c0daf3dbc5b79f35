"""What a request brings, as raw records: in the name of a key, of its sources only."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
import orjson

from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.domain.record import Headers
from pipeline.sources.http.keys import ApiKey
from pipeline.sources.http.problems import FieldError, ProblemError, of_reject
from pipeline.sources.raw_topic import PRINCIPAL, RefusedRecordError
from pipeline.text.params import IngestParams
from pipeline.text.urls import registrable_domain
from pipeline.wire.output import OutputRecord
from pipeline.wire.raw import decode_raw
from pipeline.wire.raw_json import load_json

__all__ = ["ARTICLE_HEADERS", "Form", "Inbound", "form_of"]

Form = Literal["json", "lines", "body"]
"""One article as JSON; one in each line; a page or text whose fields are in headers."""

ToRecord = Callable[[bytes, Headers], OutputRecord]

_LINES: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
_BODIES: Final = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
_FIELDS: Final = (
    "url", "id", "action", "title", "subtitle", "source", "published_at", "modified_at", "fetched_at", "language",
    "author", "section",
)  # fmt: skip
ARTICLE_HEADERS: Final[dict[str, str]] = {
    f"Article-{'-'.join(part.capitalize() for part in field.split('_'))}": field for field in _FIELDS
}
"""HTTP headers that hold the fields of a page or text, such as `Article-Published-At`."""
_JSON: Final[Headers] = (("content-type", b"application/json"),)
_MAX_TYPE_CHARS: Final = 200
_PARAMS: Final = IngestParams()


def form_of(content_type: str) -> Form:
    """Return what a media type holds.

    Raises:
        ProblemError: Nothing that is understood.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in _LINES:
        return "lines"
    if media_type in _BODIES:
        return "body"
    if media_type == "application/json" or media_type.endswith("+json"):
        return "json"
    raise ProblemError("unsupported_media_type", "send application/json, application/x-ndjson, text/html or text/plain")


class Inbound:
    """Makes raw records in the name of one key."""

    def __init__(self, key: ApiKey, to_record: ToRecord) -> None:
        """Take the key, and what makes a record of a value and headers; that may raise `RefusedRecordError`."""
        self._key = key
        self._to_record = to_record
        self._principal: Headers = ((PRINCIPAL, f"http:{key.name}".encode()),)

    def json(self, value: bytes, content_type: str = "") -> OutputRecord:
        """Return the record of one article as JSON.

        Raises:
            ProblemError: It cannot be processed, or is not of the key's sources.
        """
        stated = (("content-type", content_type[:_MAX_TYPE_CHARS].encode("utf-8", "replace")),)
        headers = stated if content_type else _JSON
        found = decode_raw(value, headers, _PARAMS)
        # Without a source, an article that is identified by its content has no identity either.
        needs_source = found.reason == "missing_identity" if isinstance(found, Reject) else found.source is None
        if needs_source:
            value, headers = self._with_source(value, content_type), _JSON
        article = _read(value, headers)
        if article.source is None:
            raise ProblemError(
                "invalid_article", "name the source of the article within it", errors=(FieldError("source", "missing"),)
            )
        return self._checked(article, value, headers)

    def body(self, value: bytes, content_type: str, named: Mapping[str, str]) -> OutputRecord:
        """Return the record of a page or text, whose fields are in HTTP headers.

        Raises:
            ProblemError: As `json`.
        """
        fields = {field: named[name] for name, field in ARTICLE_HEADERS.items() if named.get(name)}
        fields.setdefault("source", self._key.sources[0])
        headers = (
            ("content-type", content_type[:_MAX_TYPE_CHARS].encode("utf-8", "replace")),
            *((field, text.encode("utf-8", "surrogateescape")) for field, text in fields.items()),
        )
        return self._checked(_read(value, headers), value, headers)

    def retraction(self, identity: str, source: str | None) -> OutputRecord:
        """Return the record that withdraws an article of a source of the key.

        Args:
            identity: Its URL, or its id at the source.
            source: The source; the first of the key by default.

        Raises:
            ProblemError: As `json`.
        """
        name = "url" if identity.lower().startswith(("http://", "https://")) else "id"
        # An address that is percent-encoded wrongly has no UTF-8.
        named = identity.encode("utf-8", "replace").decode()
        fields = {name: named, "action": "retract", "source": source or self._key.sources[0]}
        value = msgspec.json.encode(fields)
        return self._checked(_read(value, _JSON), value, _JSON)

    def _with_source(self, value: bytes, content_type: str) -> bytes:
        """Return JSON with the source of the key. What an envelope holds stays as it is."""
        charset = content_type.lower().partition("charset=")[2].strip(" \"'") or None
        found: Any = load_json(value, charset)
        if not isinstance(found, dict) or found.get("source") not in (None, ""):
            return value
        return orjson.dumps(found | {"source": self._key.sources[0]})

    def _checked(self, article: RawArticle, value: bytes, headers: Headers) -> OutputRecord:
        if article.source not in self._key.sources:
            raise ProblemError("other_source", errors=(FieldError("source", "not a source of this key"),))
        if self._key.domains and article.canonical is not None:
            domain = registrable_domain(article.canonical)
            if domain not in self._key.domains:
                raise ProblemError("other_domain", errors=(FieldError("url", "not of a domain of this key"),))
        try:
            return self._to_record(value, (*headers, *self._principal))
        except RefusedRecordError as error:
            raise ProblemError("too_large", error.detail, reason=error.reason) from error


def _read(value: bytes, headers: Headers) -> RawArticle:
    article = decode_raw(value, headers, _PARAMS)
    if isinstance(article, Reject):
        raise of_reject(article)
    return article
