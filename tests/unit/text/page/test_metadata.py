"""The metadata a page states: precedence, limits and damaged markup."""

import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.encoded_page import EncodedPage
from pipeline.text.page.extract import Page, read_page
from pipeline.text.page.metadata import read_metadata
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.params import MetadataParams, PageParams
from pipeline.text.params import IngestParams

PARAMS = MetadataParams()
TITLE = "<title>Old dam holds</title>"


def _read(head: str, body: str = "") -> PageMetadata:
    return read_metadata(LexborHTMLParser(f"<html><head>{head}</head><body>{body}</body></html>"))


def _ld(*nodes: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(node)}</script>' for node in nodes)


def _article(headline: str, **fields: object) -> dict[str, object]:
    return {"@type": "NewsArticle", "headline": headline, **fields}


def test_line_breaks_in_strings_are_mended() -> None:
    found = _read('<script type="application/ld+json">{"@type": "Report", "headline": "Dam\nholds"};</script>')
    assert found.titles == ["Dam holds"]
    assert found.is_article


def test_of_several_articles_the_one_with_a_title_of_the_page() -> None:
    own, other = _article("Old dam holds", articleSection="Water"), _article("Ten dams", articleSection="Travel")
    assert _read(TITLE + _ld(other, own)).section == "Water"
    assert _read(_ld(other, own), "<h1>Old dam HOLDS!</h1>").section == "Water"
    assert _read(_ld(other, own) + "<meta property='og:title' content='Old dam holds | Nahr'>").section == "Water"
    assert _read(_ld(other, own)).section == "Travel"


def test_one_headline_need_not_be_a_title_of_the_page() -> None:
    assert _read(TITLE + _ld(_article("Ten dams", articleSection="Travel"))).section == "Travel"


def test_a_node_without_headline_counts_beside_the_page_s_own() -> None:
    nodes = (_article("Ten dams", publisher="B"), _article("Old dam holds"), {"@type": "Article", "publisher": "A"})
    assert _read(TITLE + _ld(*nodes)).publisher == "A"


def test_long_headlines_are_compared_by_their_beginning() -> None:
    same = "x" * PARAMS.max_compared_chars
    head = f"<title>{same}a</title>" + _ld(
        _article("Ten dams", articleSection="B"), _article(same + "b", articleSection="A")
    )
    assert _read(head).section == "A"


def test_lists_are_no_articles() -> None:
    assert _read(_ld({"@type": "CollectionPage"})).is_list
    assert not _read(_ld({"@type": ["CollectionPage", "Article"]})).is_list
    assert not _read(_ld({"@type": "Thing"})).is_list


def test_the_site_is_named_by_its_organisation() -> None:
    assert _read(_ld({"@type": "WebSite", "name": "Nahr"}, {"@type": "Organization", "name": "B"})).site_name == "Nahr"
    assert _read(_ld({"@type": "Person", "name": "Ada"})).site_name is None


@pytest.mark.parametrize(
    ("value", "is_free"),
    [(True, True), (False, False), ("True", True), (" false ", False), ("no", False), (0, None), (None, None)],
)
def test_free_or_not(value: object, is_free: bool | None) -> None:
    assert _read(_ld(_article("A", isAccessibleForFree=value))).is_free == is_free
    assert _read(_ld(_article("A", hasPart=[{"isAccessibleForFree": value}]))).is_free == is_free


def test_the_article_goes_before_its_parts_and_the_content_tier() -> None:
    paid = _article("A", isAccessibleForFree=False, hasPart={"isAccessibleForFree": True})
    assert _read(_ld(paid)).is_free is False
    tier = "<meta property='article:content_tier' content='locked'>"
    assert _read(tier + _ld(_article("A", isAccessibleForFree=True))).is_free is True
    assert _read(tier).is_free is False


def test_of_two_nodes_about_the_article_the_first_body_counts() -> None:
    assert _read(_ld(_article("A", articleBody="one"), _article("A", articleBody="two"))).body == "one"


def test_a_name_goes_before_the_node_that_its_id_refers_to() -> None:
    author = {"@id": "#ada", "name": "Ada Okafor"}
    graph = [_article("A", author=author), {"@type": "Person", "@id": "#ada", "name": "Nahr staff"}]
    assert _read(_ld({"@graph": graph})).authors == [("Ada Okafor", None)]


def test_properties_are_read_up_to_a_limit() -> None:
    long = f"<b itemprop='articleSection'>{'x' * (PARAMS.max_property_read_chars + 1)}</b>"
    assert _read("", f"{long}<b itemprop='alternativeHeadline'>Buses</b>").subtitle is None


def test_main_entities_and_graphs_are_read() -> None:
    for name in ("mainEntity", "mainEntityOfPage", "@graph"):
        assert _read(_ld({"@type": "WebPage", name: _article("Dam")})).titles == ["Dam"]
    assert _read(_ld({"@type": "WebPage", "about": _article("Dam")})).titles == []


def test_limits_of_json_ld() -> None:
    tags = [{"@type": "Thing"}] * PARAMS.max_json_ld_nodes
    assert _read(_ld([*tags[:-1], _article("Dam")])).titles == ["Dam"]
    assert _read(_ld([*tags, _article("Dam")])).titles == []
    assert _read(_ld(*tags[: PARAMS.max_json_ld_blocks - 1], _article("Dam"))).titles == ["Dam"]
    assert _read(_ld(*tags[: PARAMS.max_json_ld_blocks], _article("Dam"))).titles == []
    room = PARAMS.max_json_ld_chars - len(json.dumps(_article("Dam", text="")))
    assert _read(_ld(_article("Dam", text="x" * room))).titles == ["Dam"]
    assert _read(_ld(_article("Dam", text="x" * (room + 1)))).titles == []


def test_tags_before_keywords_and_the_first_keywords_only() -> None:
    keywords = "<meta name='news_keywords' content='a,b'><meta name='keywords' content='c'>"
    assert _read(keywords).tags == ["a", "b"]
    assert _read(f"<meta property='article:tag' content='dam'>{keywords}").tags == ["dam"]


def test_the_canonical_link_goes_before_open_graph() -> None:
    graph = "<meta property='og:url' content='/graph'>"
    assert _read(graph).canonical == "/graph"
    assert _read(f"{graph}<link rel='canonical' href=' /link '>").canonical == "/link"
    assert _read(f"{graph}<link rel='canonical' href=' '>").canonical == "/graph"


def test_language_of_metadata_before_the_root_element() -> None:
    root = "<html lang='de'><head>{}</head><body></body></html>"
    assert read_metadata(LexborHTMLParser(root.format(""))).language == "de"
    assert read_metadata(LexborHTMLParser(root.format("<meta name='dc.language' content='fr'>"))).language == "fr"


def test_the_surest_time_that_has_a_date() -> None:
    empty = "<article>" + "<time datetime=' '></time>" * (PARAMS.max_times - 1)
    assert _read("", f"{empty}<time datetime='2026-01-05'></time></article>").published == [("2026-01-05", "time")]
    assert _read("", f"{empty}<time datetime=' '></time><time datetime='2026-01-05'></time></article>").published == []
    both = "<time datetime='2026-01-01'></time><article><time datetime='2026-01-05'></time></article>"
    assert _read("", both).published == [("2026-01-05", "time")]
    comment = "<div class='comments'><time datetime='2026-01-01'></time></div><time datetime='2026-01-05'></time>"
    assert _read("", comment).published == [("2026-01-05", "time")]


@pytest.mark.parametrize(
    ("chars", "is_byline"), [(PARAMS.max_byline_chars, True), (PARAMS.max_byline_chars + 1, False)]
)
def test_a_long_byline_is_a_biography(chars: int, is_byline: bool) -> None:
    assert bool(_read("", f"<p class='byline'>Ada Okafor, {'x' * (chars - 12)}</p>").authors) == is_byline


def test_bylines_are_tried_in_order() -> None:
    empty = "<p class='byline'></p>" * (PARAMS.max_bylines - 1)
    byline = "<a rel='author' href='/ada'>Ada Okafor</a>"
    assert _read("", empty + byline).authors == [("Ada Okafor", "/ada")]
    assert _read("", f"{empty}<p class='byline'></p>{byline}").authors == []


@pytest.mark.parametrize(
    ("width", "is_large"),
    [
        (PARAMS.min_picture_pixels, True),
        (PARAMS.min_picture_pixels - 1, False),
        ("100%", True),
        ("0" * PARAMS.max_width_digits, False),
        ("0" * (PARAMS.max_width_digits + 1), True),
    ],
)
def test_pictures_have_a_least_width(width: object, is_large: bool) -> None:
    assert bool(_read("", f"<figure><img src='a.jpg' width='{width}'></figure>").images) == is_large


def test_the_first_pictures_unless_metadata_names_one() -> None:
    body = "".join(f"<figure><img src='{number}.jpg'></figure>" for number in range(9))
    body = f"<figure><img src='data:image/gif;base64,R0'></figure>{body}"
    assert _read("", body).images == [f"{number}.jpg" for number in range(PARAMS.max_pictures)]
    assert _read("<meta property='og:image' content='og.jpg'>", body).images == ["og.jpg"]


def test_microdata_of_comments_is_not_read() -> None:
    for attribute in ("itemtype='https://schema.org/Comment'", "itemprop='comment'", "class='comments'"):
        body = f"<div {attribute}><p><b itemprop='articleSection'>Trolls</b></p></div>"
        assert _read("", f"{body}<b itemprop='articleSection'>Water</b>").section == "Water"


def test_properties_are_shortened_and_limited() -> None:
    value = "x" * (PARAMS.max_property_chars + 1)
    assert _read("", f"<b itemprop='articleSection'>{value}</b>").section == value[:-1]
    many = "<b itemprop='x'></b>" * (PARAMS.max_properties - 1)
    section = "<b itemprop='articleSection'>Water</b>"
    assert _read("", many + section).section == "Water"
    assert _read("", f"{many}<b itemprop='x'></b>{section}").section is None


def test_an_author_other_than_the_publisher_ends_the_search() -> None:
    shown = "<b itemprop='author'>Ada Okafor</b>"
    site = "<meta property='og:site_name' content='Nahr News'>"
    assert ("Ada Okafor", None) in _read(f"{site}<meta name='author' content='NAHR News'>", shown).authors
    assert ("Ada Okafor", None) not in _read(f"{site}<meta name='author' content='Lin Wei'>", shown).authors


@pytest.mark.parametrize(
    ("short", "head", "body", "is_teaser"),
    [
        (0, _ld(_article("A", isAccessibleForFree=False)), "", False),
        (1, _ld(_article("A", isAccessibleForFree=False)), "", True),
        (1, _ld(_article("A", isAccessibleForFree=True)), "<i class='paywall'></i>", False),
        (1, "", "<i class='paywall'></i>", True),
        (0, "", "<i class='paywall'></i>", False),
        (1, "", "", False),
    ],
)
def test_teasers(short: int, head: str, body: str, is_teaser: bool) -> None:
    html = f"<html><head>{head}</head><body><p>{'x' * (PageParams().teaser_chars - short)}</p>{body}</body></html>"
    page = read_page(EncodedPage.of(html), IngestParams())
    assert isinstance(page, Page)
    assert page.is_teaser == is_teaser


@pytest.mark.parametrize("sign", [",", ";", "|", "،", "、"])
@pytest.mark.parametrize("name", ["article:tag", "keywords", "news_keywords"])
def test_tags_in_one_element_are_split(sign: str, name: str) -> None:
    tags = _read(f'<meta name="{name}" content="weir{sign} boats">', "").tags
    assert [tag.strip() for tag in tags] == ["weir", "boats"]
