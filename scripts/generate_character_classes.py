"""Write the frozen table of character classes for signatures, which must not change with Python's Unicode version.

Run it once per signature version. The file names the Unicode version of the Python that wrote it.
"""

import sys
import unicodedata
from pathlib import Path

from pipeline.models.scripts import SCRIPTS, script_of

_OUTPUT = Path(__file__).parents[1] / "pipeline" / "dedup" / "data" / "character_classes.txt"
_SPACELESS = frozenset({"Hani", "Kana", "Bopo", "Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Yiii"})
_TATWEEL = "\u0640"


def _class_of(char: str, script: str | None) -> str:
    category = unicodedata.category(char)
    if category[0] == "Z" or char in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85":
        return "space"
    if category in {"Cc", "Cf"}:
        return "control"
    if category in {"Mn", "Me"} or char == _TATWEEL:
        return "mark"
    if category == "Nd":
        return "digit"
    if category[0] in "PS" or category in {"Co", "Cs"}:
        return "other"
    return "sign" if script in _SPACELESS else "letter"


def main() -> None:
    """Write one line for each run of code points with the same class and script."""
    lines = [f"# Unicode {unicodedata.unidata_version}; first last class script, code points in hexadecimal"]
    run: tuple[int, int, str, str] | None = None
    for point in range(0x30000):
        char = chr(point)
        script = script_of(char) or "Zyyy"
        row = _class_of(char, script), script
        if run is not None and run[2:] == row:
            run = (run[0], point, *row)
            continue
        if run is not None:
            lines.append(f"{run[0]:x} {run[1]:x} {run[2]} {run[3]}")
        run = (point, point, *row)
    if run is not None:
        lines.append(f"{run[0]:x} {run[1]:x} {run[2]} {run[3]}")
    _OUTPUT.write_text("\n".join(lines) + "\n", encoding="ascii")
    sys.stdout.write(f"{len(lines) - 1} runs, {len(SCRIPTS)} scripts\n")


if __name__ == "__main__":
    main()
