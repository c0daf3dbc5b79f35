"""The programs of docs/uses.md take the parts of a text by code points, in each language."""

import json
import re
from pathlib import Path
from typing import Any

from tests.harness.tools import REPOSITORY, program, run

PAGE = (REPOSITORY / "docs" / "uses.md").read_text("utf-8")
PROGRAMS: dict[str, str] = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
ARTICLE = {"body": "🚢🚢 Schiff\n\n𠮷野家 opened 🏙"}
SPAN = {"start": 11, "end": 21}
TEXT = "𠮷野家 opened"


def test_python_takes_the_part() -> None:
    names: dict[str, Any] = {}
    exec(PROGRAMS["span.py"], names)  # noqa: S102  # our own documentation
    assert names["text_of"](ARTICLE, SPAN) == TEXT


def test_javascript_takes_the_part() -> None:
    call = f"{PROGRAMS['span.js']}process.stdout.write(textOf({json.dumps(ARTICLE)}, {json.dumps(SPAN)}));"
    done = run([program("node", "nodejs"), "-e", call])
    assert (done.stdout, done.stderr) == (TEXT, "")


def test_java_takes_the_part(tmp_path: Path) -> None:
    main = f"""
    public static void main(String[] none) {{
        System.out.print(textOf({json.dumps(ARTICLE["body"])}, 11, 21).equals({json.dumps(TEXT)}));
    }}
"""
    text = PROGRAMS["TextOf.java"].replace("final class TextOf {", f"final class TextOf {{{main}")
    (tmp_path / "TextOf.java").write_text(text, "utf-8")
    done = run([program("java", "openjdk-17-jdk-headless"), "TextOf.java"], cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("true", "")
