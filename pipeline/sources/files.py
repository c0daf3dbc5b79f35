"""Files as raw records.

- `.jsonl`, `.ndjson` (also `.gz`, `.zst`), and `-` for standard input: every line is the value of one record, byte for
  byte, malformed and empty ones too.
- `.json`: an object is one record, an array one record per element, anything else one record (which `ingest` rejects).
- `.txt`, `.html`, `.htm`: the file is the body of one article. The record's headers are read from `<file>.headers`
  beside it, one `name: value` per line (`url`, `fetched_at`, `source` …). If it has neither `url` nor `id`, `id` is the
  path as given.
- A directory is replaced by the files of these kinds below it, sorted by path, without hidden ones.

A record's topic is the path as given, its offset the running number over all inputs, its partition 0. Its timestamp is
the `fetched_at` in its value or headers, or else `now_ms`, or else the file's modification time: never the wall clock.
"""

import mmap
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pipeline.domain.record import Headers, Record
from pipeline.sources.compressed import COMPRESSIONS, open_plain
from pipeline.sources.errors import InputError
from pipeline.sources.lines import ByteStream, bounded_lines
from pipeline.text.dates import instant_ms
from pipeline.wire.raw import TRUNCATED_FROM

__all__ = ["STDIN", "FilesParams", "find_files", "is_readable_name", "read_files"]

STDIN = "-"

_LINES = (".jsonl", ".ndjson")
_BODIES = {".txt": "text/plain", ".html": "text/html", ".htm": "text/html"}
_SIDECAR = ".headers"


class FilesParams(Struct, frozen=True):
    """Limits of reading files."""

    max_record_bytes: int = 24 * 1024 * 1024
    """Longest record that is read whole; the raw topic's limit (schemas/topics.yaml)."""

    max_sidecar_bytes: int = 64 * 1024
    """Longest `.headers` file that is read whole; set by hand, far above the headers of a record."""


class _Item(Struct, frozen=True):
    """The value of one record, its length before it was cut, and its headers."""

    value: bytes
    size_bytes: int
    headers: Headers = ()


class _Fetched(Struct):
    fetched_at: Any = None


_FETCHED = msgspec.json.Decoder(_Fetched)


def read_files(
    paths: Sequence[Path | str], *, now_ms: int | None = None, params: FilesParams | None = None
) -> Iterator[Record]:
    """Yield the raw records of files, in order, one in memory at a time (a `.json` array is memory-mapped).

    Args:
        paths: Files and directories, or `-` for standard input.
        now_ms: Time of records that state no `fetched_at`, in epoch milliseconds; None for the files' own times.
        params: Limits.

    Raises:
        InputError: A path does not exist, is of an unknown kind, or is corrupt.
        ValueError: Standard input is read without `now_ms`: unlike a file, it has no modification time.
    """
    limits = params or FilesParams()
    offset = 0
    for name in find_files(paths):
        if name == STDIN and now_ms is None:
            raise ValueError("standard input has no modification time; pass now_ms")
        topic = os.fsencode(name).decode("utf-8", "replace")
        otherwise = now_ms if now_ms is not None else _modified_ms(Path(name))
        for item in _items(name, limits):
            yield Record(
                topic=topic,
                partition=0,
                offset=offset,
                timestamp_ms=_fetched_ms(item, otherwise),
                key=None,
                value=item.value,
                headers=_with_size(item),
            )
            offset += 1


def find_files(paths: Iterable[Path | str]) -> list[str]:
    """Return the files to read, in order, with every directory replaced by its files.

    Raises:
        InputError: A path does not exist or is of an unknown kind.
    """
    found: list[str] = []
    for given in paths:
        path = Path(given)
        if str(given) == STDIN:
            found.append(STDIN)
        elif path.is_dir():
            found += sorted(str(child) for child in path.rglob("*") if _is_wanted(child, path))
        elif not path.exists():
            raise InputError(f"{path}: no such file or directory")
        elif _kind(path) is None:
            raise InputError(f"{path}: unknown kind of file; use .jsonl, .jsonl.gz, .jsonl.zst, .json, .txt or .html")
        else:
            found.append(str(path))
    if found.count(STDIN) > 1:
        raise InputError("standard input (-) is named more than once; it can be read only once")
    return found


def is_readable_name(path: Path) -> bool:
    """Return whether a file is of a kind that `read_files` reads, by its name."""
    return _kind(path) is not None


def _is_wanted(child: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in child.relative_to(root).parts)
    return not hidden and _kind(child) is not None and child.is_file()


def _kind(path: Path) -> str | None:
    """Return the suffix that decides how the file is read, without that of its compression; None for other files."""
    suffix = path.suffix.lower()
    if suffix in COMPRESSIONS:
        inner = Path(path.stem).suffix.lower()
        return inner if inner in _LINES else None
    return suffix if suffix in (*_LINES, ".json", *_BODIES) else None


def _items(name: str, limits: FilesParams) -> Iterator[_Item]:
    if name == STDIN:
        yield from _line_items(sys.stdin.buffer, limits)
        return
    path = Path(name)
    kind = _kind(path) or ""
    if kind in _LINES:
        with open_plain(path) as stream:
            yield from _line_items(stream, limits)
    elif kind == ".json":
        yield from _json_items(path, limits)
    else:
        with open_plain(path) as stream:
            value = stream.read(limits.max_record_bytes + 1)
        headers = _body_headers(path, _BODIES[kind], limits)
        yield _Item(value, path.stat().st_size, headers)


def _line_items(stream: ByteStream, limits: FilesParams) -> Iterator[_Item]:
    for value, size in bounded_lines(stream, limits.max_record_bytes):
        yield _Item(value, size)


def _json_items(path: Path, limits: FilesParams) -> Iterator[_Item]:
    size = path.stat().st_size
    if not size:
        yield _Item(b"", 0)
        return
    with open_plain(path) as stream:
        # Not closed here: the elements point into the map, which is freed with the last of them.
        view = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        elements = msgspec.json.decode(view, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        yield _Item(view[: limits.max_record_bytes + 1], size)
        return
    for element in elements:
        part = memoryview(element)
        yield _Item(bytes(part[: limits.max_record_bytes + 1]), len(part))


def _body_headers(path: Path, content_type: str, limits: FilesParams) -> Headers:
    headers: list[tuple[str, bytes | None]] = [("content-type", content_type.encode())]
    sidecar = path.with_name(path.name + _SIDECAR)
    if sidecar.is_file():
        with open_plain(sidecar) as stream:
            lines = stream.read(limits.max_sidecar_bytes).decode("utf-8", "replace").splitlines()
        for line in lines:
            name, colon, value = line.partition(":")
            if colon and name.strip():
                headers.append((name.strip().lower(), value.strip().encode()))
    if not {"url", "id"} & {name for name, _ in headers}:
        headers.append(("id", os.fsencode(path)))
    return tuple(headers)


def _with_size(item: _Item) -> Headers:
    if item.size_bytes == len(item.value):
        return item.headers
    return (*item.headers, (TRUNCATED_FROM, str(item.size_bytes).encode()))


def _modified_ms(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns // 1_000_000
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error


def _fetched_ms(item: _Item, otherwise: int) -> int:
    """Return the time in the record's `fetched_at`, in epoch milliseconds, or else `otherwise`."""
    stated: object = next((value for name, value in item.headers if name == "fetched_at" and value is not None), None)
    if isinstance(stated, bytes):
        stated = stated.decode("utf-8", "replace")
    elif not item.headers:
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            stated = _FETCHED.decode(item.value).fetched_at
    found = instant_ms(stated) if isinstance(stated, str) else None
    return found if found is not None and found >= 0 else otherwise
