"""Files of lines that appear whole or not at all."""

import gzip
import os
import stat
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import IO, Protocol, Self

import cramjam

from pipeline.errors import PipelineError

__all__ = ["STDOUT", "LineFile", "OutputError", "OutputFiles"]

STDOUT = "-"
_FLUSH_BYTES = 1 << 20  # what the compressor holds at most: large enough to compress well


class OutputError(PipelineError):
    """An output cannot be written: raised here, caught by the command line, exit code 2. No record is concerned."""


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...

    def close(self) -> None: ...


class _ZstdSink:
    """zstd in one frame, a flush at a time."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._compressor = cramjam.zstd.Compressor()
        self._pending = 0

    def write(self, data: bytes, /) -> int:
        self._compressor.compress(data)
        self._pending += len(data)
        if self._pending >= _FLUSH_BYTES:
            self._target.write(bytes(self._compressor.flush()))
            self._pending = 0
        return len(data)

    def close(self) -> None:
        self._target.write(bytes(self._compressor.finish()))


class LineFile:
    """One output: written beside its place and moved there by `publish`; `.gz` and `.zst` by suffix, `-` is stdout.

    Something that is not a regular file (a pipe, /dev/null) is written to directly.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._path: Path | None = None
        self._partial: Path | None = None
        try:
            self._raw = self._open(name)
        except OSError as error:
            raise OutputError(f"{name}: {error.strerror or error}") from error
        self._sink = self._compressing(name, self._raw)

    def write(self, line: bytes) -> None:
        """Write a value and a newline."""
        try:
            self._sink.write(line + b"\n")
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"{self.name}: {error.strerror or error}") from error

    def publish(self) -> None:
        """Finish the file and let it appear under its name."""
        try:
            if self._sink is not self._raw:
                self._sink.close()
            self._raw.flush()
            if self._path is not None and self._partial is not None:
                os.fsync(self._raw.fileno())
                self._raw.close()
                self._partial.replace(self._path)
                self._partial = None
            elif self.name != STDOUT:
                self._raw.close()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"{self.name}: {error.strerror or error}") from error

    def discard(self) -> None:
        """Remove what was not published; safe to repeat."""
        if self._partial is not None:
            with suppress(OSError):
                if self._sink is not self._raw:
                    self._sink.close()  # before the file below it: its buffer is flushed on close
                self._raw.close()
            self._partial.unlink(missing_ok=True)
            self._partial = None

    def _open(self, name: str) -> IO[bytes]:
        if name == STDOUT:
            return sys.stdout.buffer
        path = Path(name)
        if path.exists() and not path.is_file():
            return path.open("wb")
        # A link keeps pointing at its file, so the file is what is replaced.
        self._path = path.resolve()
        handle = NamedTemporaryFile(  # noqa: SIM115  # closed by publish or discard
            dir=self._path.parent, prefix=f".{path.name}.", suffix=".partial", delete=False
        )
        self._partial = Path(handle.name)
        # A temporary file is for its owner only; the result is a file like any other.
        mode = stat.S_IMODE(self._path.stat().st_mode) if self._path.exists() else 0o666 & ~_umask()
        os.fchmod(handle.fileno(), mode)
        return handle

    @staticmethod
    def _compressing(name: str, raw: IO[bytes]) -> _Sink:
        if name.endswith(".gz"):
            # No name and no time inside: the same run gives the same bytes.
            return gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
        return _ZstdSink(raw) if name.endswith(".zst") else raw


class OutputFiles:
    """Several outputs that appear together when the block ends well, or leave nothing behind."""

    def __init__(self, **names: str) -> None:
        self._names = names
        self._files: dict[str, LineFile] = {}
        self._stack = ExitStack()

    def write(self, key: str, line: bytes) -> None:
        """Write a line to an output, if that output is wanted."""
        file = self._files.get(key)
        if file is not None:
            file.write(line)

    def __enter__(self) -> Self:
        places = [name if name == STDOUT else str(Path(name).resolve()) for name in self._names.values()]
        if len(set(places)) < len(places):
            raise OutputError("two outputs have the same name")
        with ExitStack() as opening:
            for key, name in self._names.items():
                file = LineFile(name)
                opening.callback(file.discard)
                self._files[key] = file
            self._stack = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if kind is None:
                for file in self._files.values():
                    file.publish()


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
