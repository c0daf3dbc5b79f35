"""The glossary names types that exist."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
GLOSSARY = (REPOSITORY / "docs" / "glossary.md").read_text("utf-8")
ROWS = [line.strip("| ").split(" | ") for line in GLOSSARY.splitlines() if line.startswith("| ")]
WORDS = [row for row in ROWS if row[0] != "word"]


def test_every_word_is_explained_once() -> None:
    words = [word for row in WORDS for word in row[0].split(", ")]
    assert len(words) == len(set(words))
    assert all(row[1].endswith(".") for row in WORDS)


def test_types_and_files_exist() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (REPOSITORY / "pipeline").rglob("*.py"))
    named = {name for row in WORDS for name in re.findall(r"`([^`]+)`", row[2])}
    types = {name for name in named if re.fullmatch(r"[A-Z][A-Za-z]*", name)}
    defined = set(re.findall(r"^class (\w+)|^(\w+)(?:: [^=\n]+)? = ", code, re.MULTILINE))
    assert types - {name for pair in defined for name in pair} == set()
    files = {name for name in named if name.startswith("pipeline/")}
    assert len(types) > 40
    assert len(files) > 2
