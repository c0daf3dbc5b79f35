"""Compressed files as streams of plain bytes, by suffix, in bounded memory."""

import gzip
import mmap
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

import cramjam

from pipeline.sources.errors import InputError

__all__ = ["COMPRESSIONS", "open_plain"]

COMPRESSIONS = (".gz", ".zst")


@contextmanager
def open_plain(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading; `.gz` and `.zst` are decompressed.

    Raises:
        InputError: The file cannot be read, or is corrupt (also while it is being read).
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rb") as stream:
                yield cast("BinaryIO", stream)
        elif path.suffix == ".zst":
            with _unpacked(path) as stream:
                yield stream
        else:
            with path.open("rb") as stream:
                yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile, cramjam.DecompressionError) as error:
        raise InputError(f"{path}: corrupt {path.suffix} file ({error})") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error


@contextmanager
def _unpacked(path: Path) -> Iterator[BinaryIO]:
    """Unpack zstd into a temporary file: cramjam has no incremental reader, but streams from a memory map to a file."""
    with NamedTemporaryFile(prefix="news-pipeline-", suffix=".unpacked") as target:
        if path.stat().st_size:
            with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as view:
                cramjam.zstd.decompress_into(view, cramjam.File(target.name))
        with Path(target.name).open("rb") as plain:
            yield plain
