"""Finds files that have arrived whole: their size and time of modification have not changed for a while."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.sources.directory.state import FileMark
from pipeline.sources.files import is_readable_name

__all__ = ["Arrivals", "is_article_file"]

_UNFINISHED: Final = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
"""Endings under which programs write files that they rename when they are complete."""
_XML: Final = ".xml"


def is_article_file(path: Path) -> bool:
    """Return whether a file is taken, by its name."""
    return not path.name.endswith(_UNFINISHED) and (is_readable_name(path) or path.suffix.lower() == _XML)


class Arrivals:
    """Looks into a directory again and again. Files in hidden directories, and links out of it, are not taken."""

    def __init__(self, directory: Path, settle_secs: float) -> None:
        """Know of no file yet.

        Args:
            directory: The directory, with those below it.
            settle_secs: How long a file must not have changed.
        """
        self._directory = directory
        self._settle_secs = settle_secs
        self._since: dict[FileMark, float] = {}

    def look(self, now: float) -> list[FileMark]:
        """Return the files that have arrived whole, in the order of their names.

        Args:
            now: Seconds of a clock that never decreases.
        """
        there = sorted(_marks(self._directory), key=lambda mark: mark.path)
        self._since = {mark: self._since.get(mark, now) for mark in there}
        return [mark for mark in there if now - self._since[mark] >= self._settle_secs]


def _marks(directory: Path) -> Iterator[FileMark]:
    for above, below, names in os.walk(directory):
        below[:] = [name for name in below if not name.startswith(".")]
        for name in names:
            path = Path(above) / name
            if name.startswith(".") or not is_article_file(path):
                continue
            try:
                status = path.lstat()
            except OSError:
                continue  # moved away meanwhile
            if stat.S_ISREG(status.st_mode):
                yield FileMark(str(path), status.st_size, status.st_mtime_ns)
