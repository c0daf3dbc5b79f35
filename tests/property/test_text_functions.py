"""Properties of the text functions."""

import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.text.attribution import attribute
from pipeline.text.authors import clean_authors
from pipeline.text.boilerplate import trim_boilerplate
from pipeline.text.characters import clean_characters
from pipeline.text.dates import instant_ms, read_moment
from pipeline.text.lines import join_paragraphs, split_paragraphs
from pipeline.text.summary import summarise, word_count
from pipeline.text.titles import first_line_title, without_site_name, without_title
from pipeline.text.urls import canonical_url, is_front_page, registrable_domain, url_key

# Machines are slow at times; that is no failure.
unhurried = settings(deadline=None)

TEXT = st.text() | st.text(alphabet="ab é\u0301\u200c\u200d\u200b\u202e\ufeff&amp;#38;lt;Ã©â€™\u0092می👨\n\r\u2028 ")
LINES = st.lists(TEXT, max_size=12)
URLS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTPS://", "ftp://", ""]),
    st.sampled_from(
        ["www.example.org", "m.example.co.uk:443", "bücher.example", "EXAMPLE.org.", "[::1]:80", "127.0.0.1", "a b"]
    ),
    st.text(alphabet="/.a%2é?&=#~ _-AF\\", max_size=30) | st.text(max_size=20),
    st.sampled_from(["", "?utm_source=a&b=1", "#top", "/amp", "?a=%zz&%4%31", "/../x/./y"]),
)


@unhurried
@given(TEXT)
@example("a&nbsp;b")
@example("a&amp;nbsp;&#9;b")
def test_characters_are_cleaned_once_and_for_all(text: str) -> None:
    once = clean_characters(text).text
    assert clean_characters(once).text == once
    assert unicodedata.is_normalized("NFC", once)
    assert not set(once) & set("\r\u2028\u2029\u200b\u202e\ufeff\x00")
    once.encode("utf-8")


@unhurried
@given(TEXT)
def test_paragraphs_are_split_once_and_for_all(text: str) -> None:
    once = join_paragraphs(split_paragraphs(clean_characters(text).text))
    assert join_paragraphs(split_paragraphs(once)) == once
    assert "  " not in once


@unhurried
@given(URLS)
@example("http://EXAMPLE.org.\xad")
def test_canonical_urls_are_fixed_points(url: str) -> None:
    once = canonical_url(url)
    if once is not None:
        assert canonical_url(once) == once
        assert once.isascii()
        assert "#" not in once.replace("#!", "").replace("#/", ""), "only routes stay"
        assert url_key(once)
        is_front_page(once)
        registrable_domain(once)


@unhurried
@given(st.text())
def test_anything_for_a_url(url: str) -> None:
    canonical_url(url)
    registrable_domain(url)


@unhurried
@given(LINES, st.none() | TEXT)
def test_line_functions_take_anything_and_add_nothing(lines: list[str], title: str | None) -> None:
    trimmed = trim_boilerplate(lines, 120)
    assert all(line in lines for line in trimmed.lines)
    assert all(line in lines for line in without_title(lines, title, 200))
    found = first_line_title(lines, 200)
    assert found is None or found == lines[0]
    attribute(lines, title, lines, title, None)
    clean_authors([(line, line) for line in lines], 5)


@unhurried
@given(st.lists(st.text(min_size=1), max_size=5))
def test_summary_is_out_of_the_text(paragraphs: list[str]) -> None:
    text = " ".join(paragraphs)
    summary = summarise(paragraphs, 280)
    assert summary is None or all(word in text for word in summary.rstrip("…").split())
    assert word_count(join_paragraphs(paragraphs), len(paragraphs)) >= 0


@unhurried
@given(st.text(max_size=60) | st.from_regex(r"\d{1,4}[-/.T: ]\d{1,2}[-/.: ]\d{1,4}.{0,12}"))
def test_dates_are_read_or_not(text: str) -> None:
    moment = read_moment(text)
    if moment is not None:
        again = read_moment(moment.text)
        assert again is not None
        assert again.epoch_ms == moment.epoch_ms
        assert instant_ms(moment.text) == moment.epoch_ms


@unhurried
@given(TEXT, st.lists(TEXT, max_size=3))
def test_site_names_are_only_cut_from_the_ends(title: str, names: list[str]) -> None:
    assert without_site_name(title, names) in title
