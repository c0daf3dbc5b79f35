"""Small file systems that a test fills to the last byte."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["empty", "fill", "is_mountable", "small_disk"]

MIB = 1024 * 1024
_BALLAST = "ballast"


def is_mountable() -> bool:
    """Whether a file system may be mounted here."""
    return os.geteuid() == 0


@contextmanager
def small_disk(mib: int) -> Iterator[Path]:
    """Yield a file system of so many MiB; skip the test where none can be mounted."""
    if not is_mountable():
        pytest.skip("a small file system can only be mounted by root")
    with tempfile.TemporaryDirectory(prefix="small-disk-") as scratch:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", scratch], capture_output=True, check=False
        )
        if made.returncode:
            pytest.skip("a small file system cannot be mounted here")
        try:
            yield Path(scratch)
        finally:
            subprocess.run(["umount", "--lazy", scratch], check=True)


def fill(disk: Path) -> None:
    """Leave no byte of room."""
    with (disk / _BALLAST).open("wb", buffering=0) as ballast:
        for block in (MIB, 4096, 1):
            try:
                while True:
                    ballast.write(b"\0" * block)
            except OSError:
                continue


def empty(disk: Path) -> None:
    """Give the room back."""
    (disk / _BALLAST).unlink()
