"""Cutting a page into segments."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page import segments as module
from pipeline.text.page.segments import CutPage, cut_segments


def _cut(body: str) -> CutPage:
    return cut_segments(LexborHTMLParser(f"<html><body>{body}</body></html>"))


def _texts(body: str) -> list[str]:
    return [segment.text for segment in _cut(body).segments]


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("<p>One.</p><p>Two.</p>", ["One.", "Two."]),
        ("<div>Loose<p>inner</p>again</div>", ["Loose", "inner", "again"]),
        ("<p>A <b>bold</b> and <a href='/x'>linked</a>\n word</p>", ["A bold and linked word"]),
        ("<div>one<br>two<br><br>three<br/> <br>four</div>", ["one\ntwo", "three", "four"]),
        ("<ul><li>first</li><li>second<ul><li>third</li></ul></li></ul>", ["first", "second", "third"]),
        ("<x-story><x-part>custom</x-part>element</x-story>", ["custom", "element"]),
        ("<figure><img><figcaption>Caption</figcaption></figure>", ["Caption"]),
        ("<p>text<script>var a</script><style>b</style><svg><text>c</text></svg></p>", ["text"]),
        ("<nav>menu</nav><p>text</p><button>press</button>", ["text"]),
        ("<p>·</p><p> — </p><p>１</p><p>字</p>", ["１", "字"]),
        ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>", ["漢字"]),
        ("<span>in<div>block</div>line</span>", ["in", "block", "line"]),
        ("", []),
    ],
)
def test_text_is_cut_where_block_elements_begin_and_end(body: str, texts: list[str]) -> None:
    assert _texts(body) == texts


def test_characters_within_links_are_counted() -> None:
    first, second = _cut("<p><a href='/x'>four words</a> and more</p><p>none</p>").segments
    assert (first.link_chars, second.link_chars) == (len("four words"), 0)


def test_elements_know_their_parents_and_their_segments() -> None:
    cut = _cut("<div><p>one</p><p>two</p></div><p>three</p><div></div>")
    assert cut.elements == ["body", "div", "p", "p", "p", "div"]
    assert cut.parents == [0, 0, 1, 1, 0, 0]
    assert cut.spans == [(0, 3), (0, 2), (0, 1), (1, 2), (2, 3), (3, 3)]
    assert [segment.element for segment in cut.segments] == [2, 3, 4]


def test_a_key_is_of_the_text_alone() -> None:
    plain, marked, other = (
        _cut(body).segments[0].key for body in ("<p>a b</p>", "<div><i>a</i> \n b</div>", "<p>a</p>")
    )
    assert plain == marked != other


def test_work_is_limited_and_open_elements_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PARAMS", module._SegmentParams(max_tags=12))
    cut = _cut("<div><p>one</p>" + "<p>more</p>" * 50 + "</div>")
    assert 0 < len(cut.segments) < 10
    assert cut.spans[0] == cut.spans[1] == (0, len(cut.segments))


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("<p>a < b &amp; c &lt;p&gt;&nbsp;d</p>", ["a < b & c <p> d"]),
        ("<p title='a > b'>text</p>", ["text"]),
        ("<p>one<!-- <p>two</p> -->three</p>", ["onethree"]),
        ("<xmp><p>shown</p> as it is</xmp>", ["<p>shown</p> as it is"]),
        ("<script><!--<script>a</script><p>no</p>--></script><p>text</p>", ["text"]),
        ("<nav>menu<nav>inner</nav>outer</nav><p>text</p>", ["text"]),
        ("<template><p>made later</p></template><p>text</p>", ["text"]),
        ("<embed><keygen>text", ["text"]),
        ("<p>text</p><plaintext><b>to the end</plaintext>", ["text", "<b>to the end</plaintext></body></html>"]),
    ],
)
def test_text_is_read_as_the_tree_holds_it(body: str, texts: list[str]) -> None:
    assert _texts(body) == texts


def test_a_page_without_a_body_has_no_segments() -> None:
    assert cut_segments(LexborHTMLParser("<frameset><frame></frameset>")).segments == []


def test_deep_pages_need_no_recursion() -> None:
    assert _texts("<div>" * 400 + "deep" + "</div>" * 400) == ["deep"]
