"""The file of the saved queries and webhooks: YAML or JSON, read whole or not at all."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import yaml
from msgspec import Struct

from pipeline.alert.compiled import CompiledQuery, compiled
from pipeline.alert.params import QUERIES
from pipeline.alert.saved_query import OWN_SINKS, WEBHOOK, SavedQuery, SavedWebhook
from pipeline.downstream.links import link_to
from pipeline.errors import ConfigError
from pipeline.search.query import QueryError

__all__ = ["Loaded", "Webhook", "check_query", "load_queries"]

T = TypeVar("T")

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_VALUES: Final = {
    "language": (re.compile(r"[a-z]{2,8}"), "the first part of a tag, such as en"),
    "subject": (re.compile(r"medtop:[0-9]{8}"), "a code such as medtop:15000000"),
    "publisher": (re.compile(r"\S(?:.{0,198}\S)?"), "an id of at most 200 characters"),
    "country": (re.compile(r"[A-Z]{2}"), "two capital letters"),
}
_KEY_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)
"""Lengths of a key that Standard Webhooks allows."""
_SECTIONS: Final = frozenset({"queries", "webhooks"})


class Webhook(Struct, frozen=True, kw_only=True):
    """A webhook with its address and the key of its signature, which are not shown."""

    name: str
    url: str
    key: bytes

    def __repr__(self) -> str:
        """Show the name alone."""
        return f"Webhook({self.name!r})"


class Loaded(Struct, frozen=True):
    """What a file contains."""

    queries: tuple[CompiledQuery, ...]
    webhooks: tuple[Webhook, ...]


class _InvalidError(Exception):
    """What is wrong with one entry; quotes nothing of it."""


class _Entry(Struct, frozen=True):
    """A part of the file, with the line at which it begins, from 1."""

    line: int
    content: Any


def load_queries(path: Path) -> Loaded:
    """Read a file of queries.

    Raises:
        ConfigError: It cannot be read, or not all of it is valid. The message has the lines and ids of what is wrong.
    """
    sections = _sections(path)
    errors: list[str] = []
    webhooks: dict[str, Webhook] = {}
    for name, entry in _webhook_entries(path, sections.get("webhooks")):
        with _noting(errors, entry, f"webhook {_shown(name)}"):
            webhooks[name] = _webhook(name, entry.content, path.parent, webhooks)
    sinks = {*OWN_SINKS, *(f"{WEBHOOK}{name}" for name in webhooks)}
    queries: dict[str, CompiledQuery] = {}
    for entry in _query_entries(path, sections.get("queries")):
        with _noting(errors, entry, _query_name(entry.content)):
            query = _query(entry.content, sinks, queries)
            queries[query.saved.id] = query
    if errors:
        more = f"\n  and {len(errors) - QUERIES.max_errors} more" if len(errors) > QUERIES.max_errors else ""
        raise ConfigError(f"{path} is not valid:\n  " + "\n  ".join(errors[: QUERIES.max_errors]) + more)
    return Loaded(tuple(queries.values()), tuple(webhooks.values()))


def check_query(saved: SavedQuery) -> CompiledQuery:
    """Check a query without its sinks, and return it as it is compared with articles.

    Raises:
        QueryError: It is not valid; the message quotes nothing.
    """
    if _NAME.fullmatch(saved.id) is None:
        raise QueryError("an id has at most 64 small letters, digits, dots, dashes and underscores")
    for name, (pattern, description) in _VALUES.items():
        if any(pattern.fullmatch(value) is None for value in getattr(saved, name)):
            raise QueryError(f"a value of `{name}` is {description}")
    if not saved.on:
        raise QueryError("`on` is empty, so nothing would be notified")
    return compiled(saved)


def _query(content: Any, sinks: Iterable[str], known: Mapping[str, Any]) -> CompiledQuery:
    saved = _converted(content, SavedQuery)
    if saved.id in known:
        raise _InvalidError("the id is there already")
    if not 1 <= len(saved.sinks) <= QUERIES.max_sinks or len(set(saved.sinks)) < len(saved.sinks):
        raise _InvalidError(f"`sinks` are 1 to {QUERIES.max_sinks} different ones")
    if not set(saved.sinks) <= set(sinks):
        raise _InvalidError(f"a sink is {', '.join(OWN_SINKS)} or {WEBHOOK}NAME, with NAME under `webhooks`")
    try:
        return check_query(saved)
    except QueryError as error:
        raise _InvalidError(str(error)) from None


def _webhook(name: str, content: Any, directory: Path, known: Mapping[str, Any]) -> Webhook:
    saved = _converted(content, SavedWebhook)
    if name in known:
        raise _InvalidError("the name is there already")
    if _NAME.fullmatch(name) is None:
        raise _InvalidError("a name has at most 64 small letters, digits, dots, dashes and underscores")
    if (saved.url is None) == (saved.url_file is None):
        raise _InvalidError("either `url` or `url_file` is needed")
    url = saved.url if saved.url is not None else _line_of(directory / str(saved.url_file), "url_file")
    if link_to(url) is None:
        raise _InvalidError("the address is not http or https, with a host and without a password")
    key = _line_of(directory / saved.secret_file, "secret_file")
    return Webhook(name=name, url=url, key=_key(key))


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(_KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_KEY_PREFIX) or len(key) not in _KEY_BYTES:
        raise _InvalidError(
            f"the secret is not {_KEY_PREFIX} and the base64 of {_KEY_BYTES[0]} to {_KEY_BYTES[-1]} bytes"
        )
    return key


def _line_of(path: Path, field: str) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError):
        raise _InvalidError(f"the file of `{field}` cannot be read") from None


@contextmanager
def _noting(errors: list[str], entry: _Entry, name: str) -> Iterator[None]:
    """Add what is wrong with an entry to the errors, and go on after it."""
    try:
        yield
    except _InvalidError as error:
        errors.append(f"line {entry.line}, {name}: {error}")


def _converted(content: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(content, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _InvalidError(str(error)) from None


def _query_name(content: Any) -> str:
    name = content.get("id") if isinstance(content, dict) else None
    return f"query {_shown(name)}" if isinstance(name, str) else "a query without an id"


def _shown(name: str) -> str:
    """Return a name for a message: as it is if it is valid."""
    return name if _NAME.fullmatch(name) else "with an invalid id"


def _sections(path: Path) -> dict[str, yaml.Node]:
    """Return the nodes of the two sections; aliases and sections that do not exist are errors."""
    try:
        if path.stat().st_size > QUERIES.max_file_bytes:
            raise ConfigError(f"{path} is larger than {QUERIES.max_file_bytes} bytes")
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"the queries cannot be read from {path}: {type(error).__name__}") from None
    try:
        for event in yaml.parse(text, Loader=yaml.CBaseLoader):
            if isinstance(event, yaml.AliasEvent):
                raise ConfigError(
                    f"{path}: line {(event.start_mark.line if event.start_mark else 0) + 1}: aliases are not supported"
                )
        root = yaml.compose(text, Loader=yaml.CBaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise ConfigError(f"{path}: {where}this is not YAML") from None
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(f"{path}: line 1: `queries:` and `webhooks:` are expected")
    found = {key.value: node for key, node in root.value if isinstance(key, yaml.ScalarNode)}
    if not found.keys() <= _SECTIONS or len(found) < len(root.value):
        raise ConfigError(f"{path}: there are the sections `queries` and `webhooks`, each once, and no other")
    return found


def _query_entries(path: Path, node: yaml.Node | None) -> Iterator[_Entry]:
    if node is None:
        return
    if not isinstance(node, yaml.SequenceNode):
        raise ConfigError(f"{path}: line {node.start_mark.line + 1}: `queries` is a list")
    if len(node.value) > QUERIES.max_queries:
        raise ConfigError(f"{path}: there are at most {QUERIES.max_queries} queries")
    for item in node.value:
        yield _Entry(item.start_mark.line + 1, _plain(item))


def _webhook_entries(path: Path, node: yaml.Node | None) -> Iterator[tuple[str, _Entry]]:
    if node is None:
        return
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{path}: line {node.start_mark.line + 1}: `webhooks` is a mapping of names")
    if len(node.value) > QUERIES.max_webhooks:
        raise ConfigError(f"{path}: there are at most {QUERIES.max_webhooks} webhooks")
    for key, item in node.value:
        yield str(key.value), _Entry(key.start_mark.line + 1, _plain(item))


def _plain(node: yaml.Node) -> Any:
    """Return a node as texts, lists and dictionaries: `NO` is a country here, and no truth value.

    A key that is there twice becomes one that does not exist, and so an error.
    """
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    found: dict[str, Any] = {}
    for key, item in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        found[name if name not in found else f"{name} (twice)"] = _plain(item)
    return found
