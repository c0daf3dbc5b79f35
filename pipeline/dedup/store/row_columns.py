"""Many signatures with their verdicts as rows: a column at a time, without Python objects for each row."""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.store.row_kinds import CANONICAL_KINDS, COPY_KINDS, KIND_NUMBERS, is_partial, replaces
from pipeline.dedup.store.row_layout import (
    HAS_SKETCH,
    MINUTE_MS,
    NOT_INDEXED,
    PARTIAL,
    REUSED_URL,
    SHORT,
    SKETCH_BYTES,
    TABLE,
    Sketches,
    Table,
)
from pipeline.dedup.store.verdict_codec import FoldVersions, article_digest, digest8, digest16, packed_sketch
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict

__all__ = ["RowColumns", "article_digests", "origin_parts", "row_columns"]

_HEX: Final = re.compile("[0-9a-f]*")
_ID_DIGITS: Final = 32
_WIRE_SKETCH_BYTES: Final = 2 * SKETCH_BYTES
_NO_SKETCH: Final = bytes(SKETCH_BYTES)
_LEAST_TIME: Final = -(1 << 63)
_MOST_REVISIONS: Final = (1 << 32) - 1
_OF_SIGNATURE: Final = attrgetter(
    "version", "article_id", "origin", "content_hash", "text_hash", "source", "agency", "declared_source",
    "ingested_at_ms", "observed_at_ms", "sketch", "numbers_hash", "shingles", "published_at_ms",
)  # fmt: skip
_OF_VERDICT: Final = attrgetter("kind", "revision", "supersedes", "fold_version")
_OF_ORIGIN: Final = attrgetter("lane", "partition", "offset")


def _is_in(kinds: frozenset[int]) -> NDArray[np.bool_]:
    return np.array([number in kinds for number in range(len(KIND_NUMBERS))])


_IS_CANONICAL: Final = _is_in(CANONICAL_KINDS)
_IS_COPY: Final = _is_in(COPY_KINDS)


Texts = tuple[Sequence[str], ...]


class RowColumns(NamedTuple):
    """Rows to append, oldest first, as columns."""

    table: Table
    """Of shape (n,), without links, but with NOT_INDEXED in rows that do not enter the index of texts."""
    sketches: Sketches
    """Of shape (n, SKETCH_BYTES); zeros for none."""
    texts: Texts
    """For each of INTERNED_FIELDS, whose columns are 0, the text of every row."""


def origin_parts(origins: Sequence[Origin]) -> tuple[Sequence[str], Sequence[int], Sequence[int]]:
    """Return the lanes, partitions and offsets of one or more origins."""
    lanes, partitions, offsets = zip(*map(_OF_ORIGIN, origins), strict=True)
    return lanes, partitions, offsets


def copy_keys(canonical: Sequence[ArticleId]) -> NDArray[np.uint32]:
    """Return what `copy_key` returns of many ids, one or more, of shape (n,)."""
    keys = article_digests(canonical)[0][:, 0].astype(np.uint32)
    keys[keys == 0] = 1
    return keys


def article_digests(articles: Sequence[ArticleId]) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """Return `article_digest` of one or more ids: the digests, of shape (n, 2), and ODD_ID or 0 of each."""
    joined = "".join(articles)
    if set(map(len, articles)) == {_ID_DIGITS} and _HEX.fullmatch(joined):
        return np.frombuffer(bytes.fromhex(joined), "<u8").reshape(-1, 2), np.zeros(len(articles), np.uint8)
    digests, odd = zip(*map(article_digest, articles), strict=True)
    return np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2), np.array(odd, np.uint8)


def row_columns(pairs: Sequence[tuple[Signature, Verdict, int]], versions: FoldVersions) -> RowColumns:
    """Return the rows of one or more (signature, verdict, time of the fold in ms).

    Args:
        pairs: The pairs, in the order of the log.
        versions: All versions of the fold whose verdicts may occur.

    Raises:
        OverflowError: A row needs a number that a column does not take as it is; it is to be clipped, or refused.
    """
    signatures, verdicts, times = zip(*pairs, strict=True)
    table = np.zeros(len(pairs), dtype=TABLE)
    table["time"] = np.array(times, np.int64)
    _put_verdicts(table, verdicts, versions)
    return RowColumns(table, *_put_signatures(table, signatures))


def _put_verdicts(table: Table, verdicts: Sequence[Verdict], versions: FoldVersions) -> None:
    """Fill the columns that depend on verdicts; in `shingles` the least number of a text that is not SHORT."""
    kinds, revisions, supersedes, folds = zip(*map(_OF_VERDICT, verdicts), strict=True)
    _refuse(max(revisions) == _MOST_REVISIONS or not versions.keys() >= set(folds))
    table["kind"] = np.array([KIND_NUMBERS[kind] for kind in kinds], np.uint8)
    table["revision"] = np.array(revisions, np.uint32)
    table["supersedes"] = np.array([0 if one is None else one + 1 for one in supersedes], np.uint32)
    table["fold"] = np.array(folds, np.uint8)
    table["shingles"] = np.array([versions[fold].min_exact_shingles for fold in folds], np.uint32)
    for place in [place for place, verdict in enumerate(verdicts) if replaces(verdict)]:
        table["flags"][place] |= REUSED_URL
    copies = np.flatnonzero(_IS_COPY[table["kind"]])
    if len(copies):
        held_back = [verdicts[place] for place in copies.tolist()]
        table["canonical"][copies] = copy_keys([verdict.canonical_id for verdict in held_back])
        partial = np.array([is_partial(verdict, versions[verdict.fold_version]) for verdict in held_back])
        table["flags"][copies[partial]] |= PARTIAL


def _put_signatures(table: Table, signatures: Sequence[Signature]) -> tuple[Sketches, Texts]:
    """Fill the other columns, except those of texts; return sketches and texts."""
    (
        numbers_of_version, articles, origins, contents, texts, sources, agencies, declared,
        ingested, observed, sketches, numbers, shingles, published,
    ) = zip(*map(_OF_SIGNATURE, signatures), strict=True)  # fmt: skip
    lanes, partitions, offsets = origin_parts(origins)
    _refuse(min(numbers_of_version) < 1 or min(offsets) < 0 or max(offsets) >> 63)
    _refuse(min(ingested) <= _LEAST_TIME or min(observed) <= _LEAST_TIME)
    table["partition"] = np.array(partitions, np.uint32)
    table["offset"] = np.array(offsets, np.uint64)
    table["ingested"] = np.array(ingested, np.int64)
    table["observed"] = np.minimum(np.array(observed, np.int64), table["time"])
    table["published"] = np.array([0 if one is None else one // MINUTE_MS for one in published], np.uint32)
    table["version"] = np.array(numbers_of_version, np.uint8)
    table["content"], table["text"] = _digests(contents, 16, digest16), _digests(texts, 16, digest16)
    table["numbers"] = _digests(numbers, 8, digest8)[:, 0]
    table["id"], odd = article_digests(articles)
    counts = np.array(shingles, np.uint32)
    has_sketch = np.array([len(sketch) == _WIRE_SKETCH_BYTES for sketch in sketches])
    table["flags"] |= odd | has_sketch * np.uint8(HAS_SKETCH) | (counts < table["shingles"]) * np.uint8(SHORT)
    table["shingles"] = counts
    has_text = np.array([len(text) > 0 for text in texts])
    table["text_link"][(table["canonical"] == 0) & ~(has_text & _IS_CANONICAL[table["kind"]])] = NOT_INDEXED
    low_bytes = _low_bytes(sketches) if has_sketch.all() else _low_bytes_of_some(signatures)
    return low_bytes, (lanes, sources, agencies, declared)


def _refuse(reason: object) -> None:
    if reason:
        raise OverflowError


def _digests(digests: Sequence[bytes], size: int, fitted: Callable[[bytes], bytes]) -> NDArray[np.uint64]:
    """Return digests as an array of shape (n, size / 8); those of another size are fitted to it first."""
    same = digests if set(map(len, digests)) == {size} else map(fitted, digests)
    return np.frombuffer(b"".join(same), "<u8").reshape(-1, size // 8)


def _low_bytes(sketches: Sequence[bytes]) -> Sketches:
    return np.frombuffer(b"".join(sketches), np.uint8).reshape(-1, _WIRE_SKETCH_BYTES)[:, ::2]


def _low_bytes_of_some(signatures: Sequence[Signature]) -> Sketches:
    low_bytes = b"".join([packed_sketch(signature) or _NO_SKETCH for signature in signatures])
    return np.frombuffer(low_bytes, np.uint8).reshape(-1, SKETCH_BYTES)
