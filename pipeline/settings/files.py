"""The files and directories that settings name: whether they are there, before something fails for want of them."""

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from pipeline.settings.tree import Settings
from pipeline.settings.variables import PREFIX

__all__ = ["missing_files"]


def missing_files(settings: Settings) -> list[str]:
    """Return one line for every file that cannot be read and every directory that cannot be written."""
    return [line for name, path in _paths(settings, ()) if (line := _complaint(name, path)) is not None]


def _paths(group: BaseModel, above: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    for name in type(group).model_fields:
        value, where = getattr(group, name), (*above, name)
        if isinstance(value, BaseModel):
            yield from _paths(value, where)
        elif isinstance(value, Path):
            yield PREFIX + "__".join(where).upper(), value


def _complaint(name: str, path: Path) -> str | None:
    if name.endswith("_DIR"):
        # It is made when it is first used, so what has to be there is something to make it in.
        there = next(one for one in (path, *path.absolute().parents) if one.exists())
        if not there.is_dir():
            return f"{name}: {there} is not a directory"
        return None if os.access(there, os.W_OK | os.X_OK) else f"{name}: {there} cannot be written"
    if not path.exists():
        return f"{name}: there is no file {path}"
    if path.is_dir():
        return f"{name}: {path} is a directory"
    return None if os.access(path, os.R_OK) else f"{name}: {path} cannot be read"
