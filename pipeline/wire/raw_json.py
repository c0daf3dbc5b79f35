"""Read the JSON form of raw records: the fields of the schema, and the same under the names of well-known shapes."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, get_args

import orjson
from msgspec.structs import replace

from pipeline.domain.outcome import Reject
from pipeline.domain.raw import Action, RawArticle
from pipeline.text.charset import decode_bytes
from pipeline.text.mixed_bytes import decode_mixed
from pipeline.text.params import IngestParams
from pipeline.wire.near_misses import of_bytes, of_json
from pipeline.wire.raw_aliases import ALIASES, ENVELOPES, TEXT_OF_LAST_RESORT, Names
from pipeline.wire.raw_values import (
    read_authors,
    read_instant,
    read_label,
    read_only,
    read_rights,
    read_tags,
    read_text,
)

__all__ = ["action_of", "load_json", "read_json"]

_T = TypeVar("_T")
_OWN = frozenset({"action", *ALIASES})
_ACTIONS: dict[str, Action] = {action: action for action in get_args(Action)}
# IPTC's ninjs: a text that may not be published any more, or not yet.
_WITHDRAWN = frozenset({"canceled", "cancelled", "withheld"})
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})
_BOMS = (b"\xef", b"\xff", b"\xfe")
# JSON begins with ASCII, so zeros tell UTF-16 and UTF-32 without a mark (RFC 4627, section 3).
_WIDE = (
    ("utf-32-le", re.compile(rb"[\t\n\r \"\[{]\0\0\0")),
    ("utf-32-be", re.compile(rb"\0\0\0[\t\n\r \"\[{]\0\0\0")),
    ("utf-16-le", re.compile(rb"[\t\n\r \"\[{]\0[^\0]")),
    ("utf-16-be", re.compile(rb"\0[\t\n\r \"\[{]\0[^\0]")),
)
_ENVELOPE = "envelope"
_MAX_ENVELOPES = 3  # a change event of a database in Kafka Connect's JSON has two
_PAGE = re.compile(r"\s{0,80}(?:<\?xml[^>]{0,200}>\s{0,80})?<(?:!doctype\s{1,20}html|html[\s>])", re.IGNORECASE)
# One escape of JSON, where both halves of a character beyond 16 bits are one.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def load_json(plain: bytes, charset: str | None) -> Any:
    """Decode JSON; return a Reject when that fails. Half of a character, which JavaScript leaves, is left out."""
    wide = next((codec for codec, pattern in _WIDE if pattern.match(plain)), None)
    if wide is not None or (charset is not None and charset.lower() not in _UTF8) or plain[:1] in _BOMS:
        text = decode_bytes(plain, wide or charset, is_html=False)
        if text is None:
            return Reject("undecodable", "not text in the stated charset")
        plain = text.encode("utf-8", "surrogatepass")
    try:
        return orjson.loads(plain)
    except (orjson.JSONDecodeError, RecursionError):
        pass
    whole = _without_halves(plain)
    if isinstance(whole, Reject):
        return whole
    try:
        return orjson.loads(whole)
    except (orjson.JSONDecodeError, RecursionError):
        return Reject("invalid_json", of_bytes(plain))


def _without_halves(plain: bytes) -> bytes | Reject:
    """Leave out halves of characters (lone surrogates), as bytes and as escapes."""
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError as error:
        try:
            text = plain.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            mixed = decode_mixed(plain, ())
            if mixed is not None:
                return mixed.encode()
            detail = of_bytes(plain)
            is_known = not detail.startswith("not a JSON")
            return (
                Reject("invalid_json", detail)
                if is_known
                else Reject("undecodable", f"not UTF-8 at byte {error.start}")
            )
        plain = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore").encode()
    return _ESCAPE.sub(lambda match: b"" if match[1] else match[0], plain) if b"\\u" in plain else plain


def action_of(value: str | None) -> Action | Reject:
    """Return the action of a name; publish without one."""
    return _ACTIONS.get(value or "publish") or Reject("unknown_action", "action is neither publish nor retract")


def read_json(found: Any, params: IngestParams) -> RawArticle | Reject:
    """Return the raw article in a decoded JSON document, or why there is none in it.

    An optional field that cannot be read costs the field: its name is in `unreadable`, its value stays in `extra`.
    """
    if not isinstance(found, dict):
        return Reject("invalid_schema", of_json(found) or "not a JSON object")
    outer: dict[str, Any] = {}
    for _ in range(_MAX_ENVELOPES):
        inner = _enveloped(found)
        if inner is None:
            break
        outer |= {name: value for name, value in found.items() if value is not found.get(inner)}
        found = found[inner]
    fields = _Fields(found)
    article = fields.article()
    if isinstance(article, Reject):
        return article
    if article.action == "publish" and article.html is None and article.text is None:
        detail = of_json(found)
        if detail is not None:
            return Reject("invalid_schema", detail)
    extra = fields.extra() | ({_ENVELOPE: outer} if outer else {})
    if _deeper(extra, params.max_json_depth) or _deeper(article.rights, params.max_json_depth):
        return Reject("invalid_json", f"nested deeper than {params.max_json_depth}")
    return replace(article, extra=extra or None)


def _enveloped(found: dict[str, Any], levels: int = _MAX_ENVELOPES) -> str | None:
    """Return the member that holds the article in what is put around it; None where nothing is."""
    if "specversion" in found and isinstance(found.get("data"), dict):
        return "data"
    if not levels or _has_content(found):
        return None
    inner = [name for name in ENVELOPES if isinstance(found.get(name), dict)]
    return next((name for name in inner if _has_content(found[name]) or _enveloped(found[name], levels - 1)), None)


def _has_content(found: dict[str, Any]) -> bool:
    names = Names(found)
    return any(isinstance(value, str | list) for field in ("text", "html") for _, value in names.values(field))


class _Fields:
    """Reads the fields of one JSON object, and remembers which of its members were read and which fields could not."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found
        self._names = Names(found)
        self._read: set[str] = set()
        self._unreadable: list[str] = []

    def article(self) -> RawArticle | Reject:
        """Return the article, without `extra`."""
        found = self._found
        if not isinstance(found.get("action"), str | None):
            return Reject("invalid_schema", "wrong type in action")
        action = action_of(found.get("action"))
        if isinstance(action, Reject):
            return action
        if found.get("action") is None and self._names.member("pubstatus") in _WITHDRAWN:
            action = "retract"
        url = self._identity("url", _address)
        html = self._value("html", _string)
        text = self._value("text", read_text)
        if html is None and text is not None and _string(found.get("text")) is None and _PAGE.match(text):
            html, text = text, None
        subtitle = self._value("subtitle", read_label)
        if html is None and text is None and action == "publish":
            text, subtitle = self._last_text(), None
        return RawArticle(
            url=url,
            id=self._identity("id", read_only) if url is None or found.get("id") is not None else None,
            action=action,
            html=html,
            text=text,
            title=self._value("title", read_label),
            subtitle=subtitle,
            source=self._value("source", read_label),
            published_at=self._value("published_at", read_instant),
            modified_at=self._value("modified_at", read_instant),
            fetched_at=self._value("fetched_at", read_instant),
            language=self._value("language", partial(read_label, is_code=True)),
            authors=self._values("authors", read_authors),
            section=self._value("section", read_label),
            tags=self._values("tags", read_tags),
            rights=self._value("rights", read_rights),
            unreadable=tuple(self._unreadable),
        )

    def extra(self) -> dict[str, Any]:
        """Return the members that no field was read from, and objects that may hold more than what was read."""
        found = self._found
        unread = {name for name in self._unreadable if name in found}
        hidden = _OWN - unread | self._read
        return {name: value for name, value in found.items() if name not in hidden}

    def _value(self, field: str, read: Callable[[Any], _T | None]) -> _T | None:
        """Return the first value of a field, by its names, that can be read."""
        is_there = False
        for name, value in self._names.values(field):
            is_there = True
            result = read(value)
            if result:
                self._mark(name, value)
                return result
        if is_there:
            self._unreadable.append(field)
        return None

    def _values(self, field: str, read: Callable[[Any], tuple[tuple[_T, ...], bool]]) -> tuple[_T, ...]:
        """Return what can be read of the first value of a field of which something can be read."""
        is_there = False
        for name, value in self._names.values(field):
            is_there = True
            result, is_complete = read(value)
            if result:
                self._mark(name, value)
                if not is_complete:
                    self._unreadable.append(field)
                return result
        if is_there:
            self._unreadable.append(field)
        return ()

    def _identity(self, field: str, read: Callable[[Any], str | None]) -> str | None:
        """Return an identity: the text under its own name, whatever it is, or else the first that looks like one."""
        own = self._found.get(field)
        if own is not None and own != "":
            result = own if isinstance(own, str) else read(own)
            if result is None:
                self._unreadable.append(field)
            return result
        for name, value in self._names.values(field):
            result = read(value)
            if result:
                self._mark(name, value)
                return result
        return None

    def _last_text(self) -> str | None:
        for plain in TEXT_OF_LAST_RESORT:
            text = read_text(self._names.member(plain))
            if text:
                return text
        return None

    def _mark(self, name: str, value: Any) -> None:
        """Note that a member was read; an object, or a list of them, may hold more and stays in `extra` too."""
        if isinstance(value, str):
            self._read.add(name)
            return
        items = value if isinstance(value, list) else [value]
        if not any(isinstance(item, dict) for item in items):
            self._read.add(name)


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _address(value: Any) -> str | None:
    """Return a web address; a guid or path is none."""
    text = read_only(value)
    return text if text is not None and text.strip().lower().startswith(("http://", "https://")) else None


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
