"""Files that scripts make: written, or only compared."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["publish"]


def publish(files: Mapping[Path, str], arguments: Sequence[str], script: str) -> int:
    """Write files; with `--check` among the arguments, name those that differ instead, and return 1 if any does.

    Args:
        files: Their texts.
        arguments: Those of the command line.
        script: The module that makes them, such as `generate_fields`.
    """
    if "--check" not in arguments:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return 0
    stale = [path for path, text in files.items() if not path.is_file() or path.read_text("utf-8") != text]
    for path in stale:
        print(f"{path.name} is out of date: run python -m scripts.{script}", file=sys.stderr)
    return int(bool(stale))
