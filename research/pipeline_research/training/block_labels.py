"""Labels of segments that were made by reading: parse, check, store without any text, and load.

The conventions, and the form in which readers answer, are in `data/block_labels/README.md`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import groupby
from pathlib import Path

import msgspec
from msgspec import Struct

from pipeline.sources.errors import InputError

__all__ = ["BlockLabel", "check_labels", "digest_of", "load_labels", "parse_label", "write_labels"]

_ROLES = frozenset("hsc")
_DIGEST_CHARS = 12


class BlockLabel(Struct, frozen=True):
    """Which segments of a page belong to its article, by their numbers."""

    id: str
    inside: tuple[int, ...]
    headline: tuple[int, ...] = ()
    standfirst: tuple[int, ...] = ()
    captions: tuple[int, ...] = ()


class _Keys(Struct, frozen=True):
    id: str
    source: str
    segments: list[tuple[str, int]]


def digest_of(keys: Iterable[str]) -> str:
    """Return a hash of the keys of a page's segments: a label counts only for a page that is cut as it was."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:_DIGEST_CHARS]


def parse_label(line: str) -> BlockLabel:
    """Read the answer for one page.

    Raises:
        ValueError: The line is not such an answer; the message says why.
    """
    name, *fields = line.rstrip("\n").split("\t")
    if not fields or len(fields) > 2:
        raise ValueError(f"{name}: {len(fields)} fields behind the name, 1 or 2 wanted")
    roles: dict[str, tuple[int, ...]] = {}
    for word in fields[1].split() if len(fields) > 1 else ():
        role, colon, numbers = word.partition(":")
        if not colon or role not in _ROLES or role in roles:
            raise ValueError(f"{name}: {word!r} is no role, or there twice")
        roles[role] = _numbers(numbers, name)
    inside = () if fields[0].strip() == "-" else _numbers(fields[0], name)
    return BlockLabel(name.strip(), inside, roles.get("h", ()), roles.get("s", ()), roles.get("c", ()))


def check_labels(paths: Sequence[Path], listings: Path) -> tuple[dict[str, list[tuple[BlockLabel, str]]], list[str]]:
    """Read answers and compare them with the listings they are about.

    Args:
        paths: Files of answers.
        listings: The directory of listings.

    Returns:
        For each source of pages the labels with the digests of their pages; and what is wrong with other lines. Of two
        answers for a page the later counts.
    """
    found: dict[str, dict[str, tuple[BlockLabel, str]]] = {}
    problems: list[str] = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                label = parse_label(line)
                keys = _keys_of(label, listings)
                _check(label, len(keys.segments))
            except ValueError as error:
                problems.append(f"{path.name}, line {number}: {error}")
                continue
            labels = found.setdefault(keys.source, {})
            labels[label.id] = label, digest_of(key for key, _ in keys.segments)
    return {source: list(labels.values()) for source, labels in found.items()}, problems


def write_labels(labels: Iterable[tuple[BlockLabel, str]], path: Path) -> None:
    """Write labels with the digests of their pages, sorted by page; the file holds no text."""
    rows = [
        "\t".join((label.id, digest, _ranges(label.inside) or "-", _roles(label)))
        for label, digest in sorted(labels, key=lambda pair: pair[0].id)
    ]
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def load_labels(source: str) -> dict[str, tuple[BlockLabel, str]]:
    """Return the stored labels of a source of pages with the digests of the pages, by the pages' ids.

    Raises:
        InputError: A line of the file is damaged.
    """
    file = files("pipeline_research.training").joinpath("data", "block_labels", f"{source}.tsv")
    if not file.is_file():
        return {}
    labels = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, digest, *fields = line.split("\t")
        try:
            labels[name] = parse_label("\t".join((name, *fields))), digest
        except ValueError as error:
            raise InputError(f"{source}.tsv: {error}") from error
    return labels


def _keys_of(label: BlockLabel, listings: Path) -> _Keys:
    path = listings / f"{label.id}.json"
    if not path.is_file():
        raise ValueError(f"{label.id}: no such page is listed")
    return msgspec.json.decode(path.read_bytes(), type=_Keys)


def _check(label: BlockLabel, size: int) -> None:
    for name, numbers in (
        ("in", label.inside),
        ("h", label.headline),
        ("s", label.standfirst),
        ("c", label.captions),
    ):
        beyond = [number for number in numbers if number >= size]
        if beyond:
            raise ValueError(f"{label.id}: {name} has {beyond[0]}, the page has {size} segments")
    inside = set(label.inside)
    if not inside.issuperset(label.standfirst):
        raise ValueError(f"{label.id}: a standfirst is not among the segments that are in")
    if not inside.isdisjoint((*label.captions, *label.headline)):
        raise ValueError(f"{label.id}: the headline or a caption is among the segments that are in")


def _numbers(text: str, name: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in text.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ValueError(f"{name}: {part!r} is no segment or range")
        begin, end = int(first), int(last) if dash else int(first)
        if end < begin or end - begin > 10_000:
            raise ValueError(f"{name}: {part!r} is no range")
        found += range(begin, end + 1)
    return tuple(sorted(set(found)))


def _ranges(numbers: Sequence[int]) -> str:
    parts = []
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        parts.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return ",".join(parts)


def _roles(label: BlockLabel) -> str:
    named = (("h", label.headline), ("s", label.standfirst), ("c", label.captions))
    return " ".join(f"{role}:{_ranges(numbers)}" for role, numbers in named if numbers)
