"""Tags are found by name, as the parser reads their names."""

import random
import re

import pytest

from pipeline.text.page.tag_starts import TagStarts

NAMES = ("a", "b", "big", "em", "strong", "marquee", "template")


def _by_pattern(data: bytes, name: str) -> list[int]:
    pattern = re.compile(rb"<" + name.encode() + rb"(?=[ \t\n\r\f/>])", re.IGNORECASE)
    return [found.start() for found in pattern.finditer(data)]


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<",
        "<b",
        "<b>",
        "x<B\t><b/><b\x00><bb><b\u00a0>",
        "</a><A href='<b>'><template><TEMPLATE><templates>",
        "é<strong>ö</strong><STRONG\n",
    ],
)
def test_names(html: str) -> None:
    data = html.encode()
    assert TagStarts.read(data).named(NAMES) == {name: _by_pattern(data, name) for name in NAMES}


def test_names_in_random_markup() -> None:
    pieces = [
        "<",
        ">",
        "/",
        " ",
        "\n",
        "a",
        "b",
        "B",
        "big",
        "EM",
        "strong",
        "Strong",
        "template",
        "x",
        "é",
        "\x02",
        "`",
    ]
    chance = random.Random(1)
    for _ in range(300):
        data = "".join(chance.choices(pieces, k=chance.randrange(60))).encode()
        starts = TagStarts.read(data)
        assert len(starts.places) == data.count(b"<")
        assert starts.named(NAMES) == {name: _by_pattern(data, name) for name in NAMES}
