"""Classes and scripts of characters for signatures, from a table that belongs to the signature version.

The tables of Python grow with every Unicode version, which would change signatures.
"""

import re
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CONTROL",
    "DIGIT",
    "LETTER",
    "MARK",
    "OTHER",
    "SCRIPT_NAMES",
    "SIGN",
    "classes_of",
    "scripts_of",
    "without_controls",
]

CONTROL: Final = 0  # 1 is white space
OTHER: Final = 2
MARK: Final = 3
LETTER: Final = 4
DIGIT: Final = 5
SIGN: Final = 6
"""A character of a script without spaces between words."""

_CLASS_NAMES: Final = ("control", "space", "other", "mark", "letter", "digit", "sign")
_LIMIT: Final = 0x30000
"""Code points from here on are OTHER, in no script."""
_SCRIPT_SHIFT: Final = 3


def _load() -> tuple[NDArray[np.uint16], tuple[str, ...]]:
    table = np.full(_LIMIT + 1, OTHER, dtype=np.uint16)
    scripts = ["Zyyy"]
    for line in (
        files("pipeline.dedup.signature").joinpath("data/character_classes.txt").read_text("ascii").splitlines()
    ):
        if line.startswith("#"):
            continue
        first, last, name, script = line.split()
        if script not in scripts:
            scripts.append(script)
        table[int(first, 16) : int(last, 16) + 1] = _CLASS_NAMES.index(name) | scripts.index(script) << _SCRIPT_SHIFT
    return table, tuple(scripts)


_TABLE, SCRIPT_NAMES = _load()
_CLASSES: Final = (_TABLE & 7).astype(np.uint8)
_SCRIPTS: Final = (_TABLE >> _SCRIPT_SHIFT).astype(np.uint8)
_FIRST_CLASSES: Final = _CLASSES[:256].tobytes()
_CONTROLS: Final = re.compile(f"[{''.join(map(chr, np.flatnonzero(_CLASSES[:-1] == CONTROL).tolist()))}]+")


def classes_of(points: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the class of each code point, in the shape of `points`, which are u8 (ASCII) or u32."""
    if points.dtype == np.uint8:
        return np.frombuffer(points.tobytes().translate(_FIRST_CLASSES), dtype=np.uint8)
    return _CLASSES.take(points, mode="clip")


def scripts_of(points: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the script of each code point as an index into SCRIPT_NAMES, in the shape of `points`; 0 is no script."""
    return _SCRIPTS.take(points, mode="clip")


def without_controls(text: str) -> str:
    """Remove control and format characters other than white space."""
    return text if text.isprintable() else _CONTROLS.sub("", text)  # no control is printable
