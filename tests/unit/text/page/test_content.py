"""Which blocks of the container become lines, and what counts as the lead."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.content import MainText, extract_main_text, read_fragment
from pipeline.text.page.modes import GENEROUS, STRICT
from pipeline.text.page.params import ContentParams, LeadParams

CONTENT = ContentParams()
LEAD = LeadParams()
TEXT = "The old dam withstood the highest water in thirty years. " * 20


def _main(body: str, description: str | None = None) -> MainText:
    return extract_main_text(LexborHTMLParser(f"<html><body>{body}</body></html>"), description, STRICT)


def _lines(block: str) -> list[str]:
    """Return the lines that a block after a paragraph adds."""
    return _main(f"<div><p>{TEXT}</p>{block}</div>").lines[1:]


def _linked(tag: str, chars: int, links: int) -> str:
    return f"<{tag}><a href='/a'>{'y' * links}</a>{'x' * (chars - links)}</{tag}>"


@pytest.mark.parametrize(("links", "kept"), [(80, True), (81, False)])
def test_a_short_paragraph_of_links_is_dropped(links: int, kept: bool) -> None:
    assert CONTENT.link_line_share == 80 / 100
    assert bool(_lines(_linked("p", 100, links))) == kept


def test_a_long_paragraph_of_links_is_kept() -> None:
    limit = CONTENT.link_line_chars
    assert _lines(_linked("p", limit, limit))
    assert not _lines(_linked("p", limit - 1, limit - 1))


@pytest.mark.parametrize(("links", "kept"), [(50, True), (51, False)])
def test_a_list_item_is_dropped_with_fewer_links(links: int, kept: bool) -> None:
    assert CONTENT.block_link_share == 50 / 100
    assert bool(_lines(f"<ul>{_linked('li', 100, links)}</ul>")) == kept


@pytest.mark.parametrize(("links", "kept"), [(80, True), (81, False)])
def test_loose_text_of_links_is_dropped(links: int, kept: bool) -> None:
    assert bool(_lines(_linked("div", 100, links))) == kept


def test_long_loose_text_of_links_is_kept() -> None:
    limit = CONTENT.link_line_chars
    assert _lines(_linked("div", limit, limit))
    assert not _lines(_linked("div", limit - 1, limit - 1))


def test_shares_and_length() -> None:
    aside = f"<div class='share'><p>{'z' * 100}</p></div>"
    main = _main(f"<div><p><a href='/a'>{'y' * 100}</a>{'x' * 300}</p><p>{'w' * 100}</p></div>{aside}")
    assert main.chars == 500
    assert main.link_share == 100 / 500
    assert main.page_share == 500 / 400  # links are not running text


def test_a_wrapper_is_read_whatever_its_name() -> None:
    wrapper, text = f"<div class='sidebar'><p>{'x' * 550}</p></div>", f"<p>{'y' * 450}</p>"
    assert _main(f"<div>{wrapper}{text}</div>").lines == ["x" * 550, "y" * 450]
    part, text = f"<div class='sidebar'><p>{'x' * 450}</p></div>", f"<p>{'y' * 550}</p>"
    assert _main(f"<div>{part}{text}</div>").lines == ["y" * 550]


def test_headlines_are_limited() -> None:
    body = "".join(f"<h1>Headline {number}</h1>" for number in range(9)) + "<h1> </h1>" + f"<p>{TEXT}</p>"
    assert _main(body).headlines == tuple(f"Headline {number}" for number in range(CONTENT.max_headlines))


def test_the_generous_mode_reads_what_the_strict_one_leaves_out() -> None:
    html = f"<body><div><p>{TEXT}</p><div class='gallery'><p>Ten pictures of the old dam.</p></div></div></body>"
    strict, generous = (extract_main_text(LexborHTMLParser(html), None, mode).lines for mode in (STRICT, GENEROUS))
    assert generous == [*strict, "Ten pictures of the old dam."]


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        ("one<br>two", ["one", "two"]),
        ("<p>one</p>two<p>three</p>", ["one", "two", "three"]),
        ("<span class='caption'>one</span><span>two</span>", ["two"]),
        ("<x-note class='share'>one</x-note><x-note>two</x-note>", ["two"]),
        ("<p class='caption'>one</p><p class='x'>two</p>", ["two"]),
        ("<b>one <i>two</i></b> three", ["one two three"]),
        ("<b><p>one</p></b>", ["one"]),
        ("<h2>one</h2><script>two</script><aside>three</aside>", ["one"]),
        ("<blockquote><p>one</p><p>two</p></blockquote>", ["one", "two"]),
        ("<ul><li class='share'>one</li><li>two</li></ul>", ["two"]),
    ],
)
def test_lines_of_a_fragment(markup: str, lines: list[str]) -> None:
    assert read_fragment(LexborHTMLParser(markup)) == lines


def test_blocks_are_searched_for_blocks_to_a_depth() -> None:
    def lines(depth: int) -> int:
        inner = "<blockquote><p>one</p><p>two</p></blockquote>"
        return len(read_fragment(LexborHTMLParser("<div>" * depth + inner + "</div>" * depth)))

    assert [lines(CONTENT.max_depth + more) for more in (-1, 0)] == [2, 1]


LEADING = "Twenty buses waited in vain at the foot of the old wall"


def _lead(before: str, description: str | None = None) -> str | None:
    return _main(f"<div>{before}</div><div><p>{TEXT}</p></div>", description).lead


def test_length_of_a_lead() -> None:
    for chars, is_lead in (
        (LEAD.min_chars - 1, False),
        (LEAD.min_chars, True),
        (LEAD.max_chars, True),
        (LEAD.max_chars + 1, False),
    ):
        assert (_lead(f"<h2 class='lead'>{'x' * chars}</h2>") is not None) == is_lead


@pytest.mark.parametrize(("links", "is_lead"), [(30, True), (31, False)])
def test_links_of_a_lead(links: int, is_lead: bool) -> None:
    assert LEAD.max_link_share == 30 / 100
    assert (_lead(_linked("h2 class='lead'", 100, links).replace("</h2 class='lead'>", "</h2>")) is not None) == is_lead


def test_a_lead_begins_like_the_description() -> None:
    enough = LEADING[: LEAD.description_chars]
    assert _lead(f"<h2>{LEADING}</h2>", f"{enough} and so on") == LEADING
    assert _lead(f"<h2>{LEADING}</h2>", f"{enough[:-1]}… and so on") is None
    assert _lead(f"<h2>{LEADING}</h2>", enough[:-1]) is None


def test_a_lead_is_named_by_itself_or_its_parent() -> None:
    assert LEAD.max_parents == 2
    assert _lead(f"<h2 class='lead'>{LEADING}</h2>") == LEADING
    assert _lead(f"<section class='lead'><h2>{LEADING}</h2></section>") == LEADING
    assert _lead(f"<section class='lead'><section><h2>{LEADING}</h2></section></section>") is None


@pytest.mark.parametrize(
    ("body", "is_lead"),
    [
        (f"<article><header><p class='lead'>{LEADING}</p></header><p>{TEXT}</p></article>", True),
        (f"<article><header><div><p class='lead'>{LEADING}</p></div></header><p>{TEXT}</p></article>", True),
        (f"<article><header><b><div><p class='lead'>{LEADING}</p></div></b></header><p>{TEXT}</p></article>", True),
        (f"<article><h2 class='lead'>{LEADING}</h2><p>{TEXT}</p></article>", True),
        (f"<article><h2>{LEADING}</h2><p>{TEXT}</p></article>", False),
        (f"<article><p class='lead'>{LEADING}</p><p>{TEXT}</p></article>", False),
    ],
)
def test_the_first_line_is_the_lead_where_it_stands_apart(body: str, is_lead: bool) -> None:
    main = _main(body)
    assert main.lines[0] == LEADING
    assert main.lead == (LEADING if is_lead else None)


def test_there_is_no_lead_below_the_beginning_of_the_text() -> None:
    below = f"<p class='lead'>{LEADING}</p>"
    assert _main(f"<div><p>{TEXT}</p></div>{below}").lead is None
    assert _main(f"<div><p>{TEXT[:60]}<br>{TEXT}</p></div>{below}").lead is None
