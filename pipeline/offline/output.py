"""Files of lines that appear complete or not at all."""

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

__all__ = ["STDOUT", "LineSink", "OutputError", "OutputFiles"]

STDOUT = "-"
_FLUSH_BYTES = 1 << 20  # the compressor is flushed after this many bytes: enough to compress well


class OutputError(PipelineError):
    """An output cannot be written: raised here, caught by the command line, exit code 2."""


class LineSink(Protocol):
    """Receives lines of named outputs: `output`, `duplicates`, `clusters`, `dead_letters`."""

    def write(self, key: str, line: bytes) -> None:
        """Write a line, without its newline, to an output; do nothing if that output is not wanted."""
        ...


class _ByteSink(Protocol):
    def write(self, data: bytes, /) -> int: ...

    def close(self) -> None: ...


class _ZstdSink:
    """Compresses to one zstd frame, which is flushed in parts."""

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


class _LineFile:
    """One output: written to a temporary file in the same directory, which `publish` renames.

    Names that end in `.gz` or `.zst` are compressed; `-` is standard output. A place that exists and is no regular file
    (a pipe, /dev/null) is written to directly.
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
        """Write a line and its newline."""
        try:
            self._sink.write(line + b"\n")
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"{self.name}: {error.strerror or error}") from error

    def publish(self) -> None:
        """Complete the file and rename it to its final name."""
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
        """Remove a file that was not published; repeated calls do nothing."""
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
        # Of a symbolic link, replace the file that it points to.
        self._path = path.resolve()
        handle = NamedTemporaryFile(  # noqa: SIM115  # closed by publish or discard
            dir=self._path.parent, prefix=f".{path.name}.", suffix=".partial", delete=False
        )
        self._partial = Path(handle.name)
        # Temporary files are readable by their owner only; give the result the usual mode.
        mode = stat.S_IMODE(self._path.stat().st_mode) if self._path.exists() else 0o666 & ~_umask()
        os.fchmod(handle.fileno(), mode)
        return handle

    @staticmethod
    def _compressing(name: str, raw: IO[bytes]) -> _ByteSink:
        if name.endswith(".gz"):
            # Without a name and a time in the header, the same run gives the same bytes.
            return gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
        return _ZstdSink(raw) if name.endswith(".zst") else raw


class OutputFiles:
    """Several outputs that appear together when the `with` block succeeds; when it fails, nothing is left."""

    def __init__(self, **names: str) -> None:
        self._names = names
        self._files: dict[str, _LineFile] = {}
        self._stack = ExitStack()

    def write(self, key: str, line: bytes) -> None:
        """Write a line to an output; do nothing if that output is not wanted."""
        file = self._files.get(key)
        if file is not None:
            file.write(line)

    def __enter__(self) -> Self:
        places = [name if name == STDOUT else str(Path(name).resolve()) for name in self._names.values()]
        if len(set(places)) < len(places):
            raise OutputError("two outputs have the same name")
        with ExitStack() as opening:
            for key, name in self._names.items():
                file = _LineFile(name)
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
