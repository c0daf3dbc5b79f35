"""Reading what a tree wrote: as patterns would, in time linear in its length."""

import re

from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.serialized import Markup, read_markup, write_body

PIECES = (
    *("<b>", "</b>", "<p a='<!-- x > y'>", "<i <xmp b>", "<q<q", "<!-- a <!-- b > -->", "<!---->", "-->", "<!--"),
    *(
        "<xmp>",
        "</xmp>",
        "<noembed >",
        "</noembed>",
        "<plaintext>",
        "</plaintext>",
        "a < b > c",
        "&amp;lt;",
        "\u00a0",
        " x ",
    ),
)
RAW = re.compile(
    r"(<(?P<name>xmp|noembed|noframes)(?=[ >])[^>]*>)(?P<text>.*?)(?=</(?P=name)>)|"
    r"(<plaintext(?=[ >])[^>]*>)(?P<rest>.*)(?=</plaintext>)",
    re.DOTALL,
)


def _escaped(raw: re.Match[str]) -> str:
    text = raw["text"] if raw["name"] is not None else raw["rest"]
    return (raw[1] or raw[4]) + text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _by_patterns(body: str) -> Markup:
    body = re.sub(r"<!--.*?-->", "<!>", RAW.sub(_escaped, body), flags=re.DOTALL)
    parts = re.split("<([^>]*)>", body)
    texts = [
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\xa0").replace("&amp;", "&")
        for text in parts[2::2]
    ]
    return Markup(parts[1::2], texts)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("<b<b<b")
@example("<b <!--=''>one</b> two <!-- three --> four")
@example("<i <xmp =''>a<b>c</b></i><noembed><b>&</noembed>d")
def test_a_written_body_is_read_as_by_patterns(page: str) -> None:
    body = write_body(LexborHTMLParser(f"<html><body>{page}"))
    assert read_markup(body) == _by_patterns(body)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_so_is_what_no_tree_writes(text: str) -> None:
    body = f"<body>{text}</body>"
    assert read_markup(body) == _by_patterns(body)


def test_names_may_contain_angle_brackets() -> None:
    markup = read_markup(write_body(LexborHTMLParser("<body><b<i>text</b<i>")))
    assert markup.tags[1] == "b<i"
    assert markup.texts[1] == "text"
