"""JSON as pages contain it."""

import orjson
import pytest

from pipeline.text.page.lenient_json import read_lenient_json

LIMIT = 200_000
GOOD = '{"@type":"NewsArticle","headline":"Weir closed","author":[{"name":"Ada Okafor"}],"n":-1}'
VALUE = orjson.loads(GOOD)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"<!--\n{GOOD}\n-->",
        f"//<![CDATA[\n{GOOD}\n//]]>",
        f"/*<![CDATA[*/ {GOOD} /*]]>*/",
        f"<![CDATA[{GOOD}]]>",
        f"\ufeff{GOOD};",
        GOOD.replace(',"author"', ',\n"author"').replace("}],", "},],").replace("-1}", "-1,}"),
        GOOD.replace("-1}", "-1, ,}"),
        GOOD.replace('"', "&quot;"),
        GOOD.replace(',"', ',\x01"'),
    ],
)
def test_faults_around_the_values(text: str) -> None:
    assert read_lenient_json(text, LIMIT) == VALUE


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Weir\x03 closed", "Weir  closed"),
        ("Weir\nclosed\t", "Weir closed "),
        ('The "old" weir', 'The "old" weir'),
        ('"Old" weir, she said "no", closed', '"Old" weir, she said "no", closed'),
        ("The weir\\'s end", "The weir\\'s end"),
        (r"C:\weir \"x\"", r'C:\weir "x"'),
        (r"ends with a backslash \\", "ends with a backslash \\"),
    ],
)
def test_faults_in_a_string(written: str, read: str) -> None:
    found = read_lenient_json(f'{{"headline":"{written}","n":[1,],"author":"Ada"}}', LIMIT)
    assert found == {"headline": read, "n": [1], "author": "Ada"}


@pytest.mark.parametrize("text", ["", "no json", "{", '{"a":', '{"a":"b', "[1,2", "{{GOOD}}", "-->", "<!--"])
def test_what_is_no_json_is_none(text: str) -> None:
    assert read_lenient_json(text, LIMIT) is None


def test_a_long_block_is_not_mended() -> None:
    assert read_lenient_json(f"{GOOD};", len(GOOD)) is None
    assert read_lenient_json(GOOD, 1) == VALUE


@pytest.mark.parametrize("piece", ['"', '\\"', ',"', "{", ",", "<!--", '"\\', "] ", "\\"])
def test_hostile_blocks_are_read_in_passes(piece: str) -> None:
    read_lenient_json("{" + piece * (LIMIT // len(piece) - 1), LIMIT)
