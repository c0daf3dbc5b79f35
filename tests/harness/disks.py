"""Small file systems that a test can fill completely."""

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
    """Return whether this process may mount a file system."""
    return os.geteuid() == 0


@contextmanager
def small_disk(mib: int) -> Iterator[Path]:
    """Yield a file system of `mib` MiB; skip the test if none can be mounted."""
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
    """Fill the disk to the last byte."""
    with (disk / _BALLAST).open("wb", buffering=0) as ballast:
        for block in (MIB, 4096, 1):
            try:
                while True:
                    ballast.write(b"\0" * block)
            except OSError:
                continue


def empty(disk: Path) -> None:
    """Free the space that `fill` took."""
    (disk / _BALLAST).unlink()
