"""What is counted of a page is what the parser builds, for mixtures of elements of all kinds and of any size."""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.domain.outcome import Reject
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.page.construction import Built, count_work
from pipeline.text.page.guard import refuse_bomb
from pipeline.text.page.html_elements import FORMATTING
from pipeline.text.page.ordinary import is_ordinary
from pipeline.text.page.params import GuardParams
from pipeline.text.params import IngestParams
from tests.harness.mixtures import mixture

GUARD = GuardParams()
UNLIMITED = IngestParams(max_rebuilt_bytes=10**9, max_stack_steps=10**9)
LIMITED = IngestParams(max_rebuilt_bytes=10**6, max_stack_steps=10**6)
SIZES = (50, 100, 200, 400)


def _built(html: str) -> tuple[int, int]:
    """Return how many elements the parser builds, and how deep they nest."""
    elements = deepest = 0
    waiting: list[tuple[LexborNode | None, int]] = [(LexborHTMLParser(html).root, 1)]
    while waiting:
        node, depth = waiting.pop()
        if node is None:
            continue
        if not (node.tag or "-").startswith("-"):
            elements += 1
            deepest = max(deepest, depth)
        child = node.first_child
        while child is not None:
            waiting.append((child, depth + 1))
            child = child.next
    return elements, deepest


def _counted(html: str) -> Built:
    counted = count_work(html, UNLIMITED, GUARD)
    assert isinstance(counted, Built)
    return counted


@pytest.mark.parametrize(
    ("html", "rebuilt"),
    [
        ("<p><b></p><p>x", 1),
        ("<p><b><i></p><p>x</p><p>y", 4),
        ("<p><b><b><b><b></p><p>x", 3),
        ("<p><b>x</b></p><p>x", 0),
        ("<p><b></i></p><p>x", 1),
        ("<b><div>x</b>y", 1),
        ("<table><tr><td><b></td></tr></table>x", 0),
        ("<table><b><tr><td>x</table>y", 1),
        ("<table><b>x<tr>y</table>z", 2),
        ("<a>x<div><a>y", 1),
        ("<p><a></p><marquee>x<a></marquee>y", 1),
        ("<p><nobr></p><nobr>x", 1),
        ("<p><b><svg><title>x</b></title></svg></p>y", 1),
        ("<p><b><script></b></script></p>x", 1),
        ("<p><b><!-- </b> --></p>x", 1),
        ("<p><b title='</b>'></p>x", 1),
    ],
)
def test_elements_made_again(html: str, rebuilt: int) -> None:
    again = len(LexborHTMLParser(html).css(",".join(FORMATTING))) - len(re.findall("<(?:[abiu]|nobr)[ >]", html))
    assert again == rebuilt
    plain = GuardParams(element_bytes=1, attribute_bytes=0, char_bytes=0)
    counted = count_work(html, UNLIMITED, plain)
    assert isinstance(counted, Built)
    assert counted.rebuilt_bytes == rebuilt


def test_counts_are_what_the_parser_builds() -> None:
    """Of 400 mixtures, no more than 1 of 100 may be a tenth deeper or larger than counted.

    Elements that leave the stack before those within them (forms) nest deeper in the page than on the stack.
    """
    wrong = []
    for seed in range(400):
        html = mixture(seed, 60)
        elements, depth = _built(html)
        counted = _counted(html)
        most = 3 * html.count("<") + 3 + counted.rebuilt_bytes / GUARD.element_bytes
        if depth > 1.15 * counted.depth + 8 or elements > 1.1 * most:
            wrong.append((seed, elements, depth, counted))
    assert len(wrong) <= 4, wrong


def test_counting_takes_no_more_than_its_limits() -> None:
    for seed in range(100):
        for size in SIZES:
            html = mixture(seed, size)
            counted = count_work(html, LIMITED, GUARD)
            if isinstance(counted, Reject):
                assert counted.reason in ("time_limit", "too_deep")
            else:
                assert counted.rebuilt_bytes <= LIMITED.max_rebuilt_bytes
                assert counted.steps <= LIMITED.max_stack_steps


def test_ordinary_pages_are_bounded() -> None:
    """A page that is called ordinary by bounds needs no more than those, by count."""
    guard = GuardParams(ordinary_rebuilt_bytes=200_000, ordinary_tags=10_000)
    ordinary = 0
    for seed in range(300):
        for size in (10, 100):
            html = mixture(seed, size)
            if is_ordinary(EncodedPage.of(html), IngestParams(), guard):
                ordinary += 1
                assert _counted(html).rebuilt_bytes <= guard.ordinary_rebuilt_bytes, (seed, size)
    assert ordinary > 100


def test_formatting_around_other_tags_is_bounded() -> None:
    """What is made again of elements that are closed, with blocks, drawings and formatting in them, is counted too."""
    guard = GuardParams(ordinary_rebuilt_bytes=60_000)
    tags = ["p", "div", "li", "ul", "h2", "section", "span", "b", "i"]
    inner = ["x", "<svg><path d=1 />", "</svg>", "<img src=x>", *(f"<{tag} c='d'>" for tag in tags)]
    inner += [f"</{tag}>" for tag in tags]
    ordinary = rebuilt = 0
    for seed in range(1500):
        chance = random.Random(seed)
        elements = []
        for place in range(chance.randrange(1, 12)):
            name = chance.choice("abiu")
            within = "".join(chance.choices(inner, k=chance.randrange(12)))
            elements.append(
                f"<{name} class=k{place} title='t'>{within}</{name}>" + chance.choice(["", "<p>", "</p>x", "</div>"])
            )
        html = "<table>" * chance.randrange(4) + "".join(elements)
        if is_ordinary(EncodedPage.of(html), IngestParams(), guard):
            ordinary += 1
            counted = _counted(html).rebuilt_bytes
            rebuilt = max(rebuilt, counted)
            assert counted <= guard.ordinary_rebuilt_bytes, html
    assert ordinary > 300
    assert rebuilt > guard.ordinary_rebuilt_bytes // 20


_MEMORY = 700 * 1024 * 1024
"""Beside Python itself: 150 MB of elements made again, the elements of 10,000 tags, and room for both to be freed."""
_PROGRAM = """
import json, resource, sys
from selectolax.lexbor import LexborHTMLParser
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.page.guard import refuse_bomb
from pipeline.text.params import IngestParams
from tests.harness.mixtures import mixture
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[1]),) * 2)
found = []
for seed in range(40):
    row = []
    for size in (100, 200, 400, 800):
        html = mixture(seed, size)
        refused = refuse_bomb(EncodedPage.of(html), IngestParams())
        row.append(None if refused else len(LexborHTMLParser(html).css("*")) / max(html.count("<"), 1))
    found.append(row)
print(json.dumps(found))
"""


def test_what_passes_grows_with_the_page() -> None:
    """In a process with little memory: of twice the page, the parser builds twice as much, or the page is refused."""
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(_MEMORY)],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    rows = json.loads(run.stdout)
    refused = sum(row[-1] is None for row in rows)
    assert 0 < refused < len(rows) / 2
    limit = 3 + IngestParams().max_rebuilt_bytes / GUARD.element_bytes
    assert all(share is None or share <= limit for row in rows for share in row)
    # Refused at one size is refused at all larger ones.
    assert all(row[place + 1] is None for row in rows for place in range(3) if row[place] is None)


def test_handed_over_where_it_cannot_be_ended() -> None:
    deep = "<ul><li></xx>" * 20_000
    handed = refuse_bomb(EncodedPage.of(deep), IngestParams(hands_over=True))
    counted = refuse_bomb(EncodedPage.of(deep), IngestParams())
    assert handed is not None
    assert counted is not None
    assert (handed.reason, counted.reason) == ("too_costly", "too_deep")
