"""Every kind of feed, and the awkward ones, comes out right or is refused with a reason."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from pipeline.sources.feeds.items import FeedItem, Parsed, ParseFailure
from pipeline.sources.feeds.parse_params import ParseParams
from pipeline.sources.feeds.parsing import parse_body
from pipeline.sources.feeds.raw_article import content_hash, item_key
from pipeline.text.dates import read_moment

URL = "https://gazette.example/feeds/all"
LIMIT = 64 * 1024 * 1024
PARAMS = ParseParams()
CORPUS = Path(__file__).parents[5] / "shared" / "data" / "raw"


def parse(body: bytes | str, content_type: str | None = None) -> Parsed | ParseFailure:
    data = body.encode() if isinstance(body, str) else body
    return parse_body(data, content_type, URL, LIMIT, PARAMS)


def items(body: bytes | str, content_type: str | None = None) -> tuple[FeedItem, ...]:
    found = parse(body, content_type)
    assert isinstance(found, Parsed), found
    return found.items


def rss(inner: str, head: str = "", root: str = 'version="2.0"', declared: str = "utf-8") -> str:
    start = f'<?xml version="1.0" encoding="{declared}"?>{head}<rss {root}>'
    return f"{start}<channel><title>Gazette</title>{inner}</channel></rss>"


def one(inner: str, **more: str) -> FeedItem:
    (found,) = items(rss(f"<item>{inner}</item>", **more))
    return found


ITEM = (
    "<title>Pilot station</title><link>https://gazette.example/station</link>"
    "<description>The board voted.</description>"
)
KINDS = {
    "RSS 0.91": rss(f"<item>{ITEM}</item>", root='version="0.91"'),
    "RSS 0.91 with its document type": rss(
        f"<item>{ITEM}</item>",
        head='<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://x.example/rss-0.91.dtd">',
        root='version="0.91"',
    ),
    "RSS 0.92": rss(f"<item>{ITEM}</item>", root='version="0.92"'),
    "RSS 2.0": rss(f"<item>{ITEM}</item>"),
    "RSS 0.90": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">'
    f"<channel><title>G</title></channel><item>{ITEM}</item></rdf:RDF>",
    "RSS 1.0": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
    f'<channel rdf:about="{URL}"><title>G</title></channel><item rdf:about="https://gazette.example/station">{ITEM}</item></rdf:RDF>',
    "Atom 1.0": '<feed xmlns="http://www.w3.org/2005/Atom"><title>G</title><entry><title>Pilot station</title>'
    '<link href="https://gazette.example/station"/><id>urn:x:1</id><summary>The board voted.</summary></entry></feed>',
    "Atom 0.3": '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>G</title><entry>'
    '<title>Pilot station</title><link rel="alternate" href="https://gazette.example/station"/>'
    "<summary>The board voted.</summary></entry></feed>",
    "JSON Feed 1.1": orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "items": [
                {
                    "id": 1,
                    "url": "https://gazette.example/station",
                    "title": "Pilot station",
                    "summary": "The board voted.",
                }
            ],
        }
    ).decode(),
}


@pytest.mark.parametrize("body", KINDS.values(), ids=KINDS)
def test_every_kind_gives_the_same_item(body: str) -> None:
    (found,) = items(body)
    assert (found.title, found.url, found.summary) == (
        "Pilot station",
        "https://gazette.example/station",
        "The board voted.",
    )


RUSSIAN = "Совет порта одобрил новую лоцманскую станцию во вторник после двух лет переговоров с рыбаками."
CHARSETS = {
    "windows-1251 by the header, declared as UTF-8": (
        rss(f"<item><title>Порт открыт</title><description>{RUSSIAN}</description></item>").encode("cp1251"),
        "text/xml; charset=windows-1251",
        "Порт открыт",
    ),
    "UTF-8, the header says something that it cannot be": (
        rss("<item><title>Порт</title></item>").encode(),
        "text/xml; charset=us-ascii",
        "Порт",
    ),
    "Shift_JIS by its declaration": (
        rss("<item><title>港湾委員会</title></item>", declared="Shift_JIS").encode("shift_jis"),
        "application/xml",
        "港湾委員会",
    ),
    "Big5 by the header": (
        rss("<item><title>港務局</title></item>", declared="utf-8").encode("big5"),
        "text/xml; charset=big5",
        "港務局",
    ),
    "UTF-16 with a mark": (rss("<item><title>Порт</title></item>", declared="utf-16").encode("utf-16"), None, "Порт"),
    "UTF-16 without a mark": (rss("<item><title>Порт</title></item>").encode("utf-16-le"), None, "Порт"),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + rss("<item><title>Порт</title></item>").encode(), None, "Порт"),
    "a charset that nobody knows": (rss("<item><title>Порт</title></item>", declared="x-no").encode(), None, "Порт"),
}


@pytest.mark.parametrize("case", CHARSETS.values(), ids=CHARSETS)
def test_the_charset_is_that_of_the_bytes(case: tuple[bytes, str | None, str]) -> None:
    body, content_type, title = case
    assert items(body, content_type)[0].title == title


TITLES = {
    "undeclared entities": ("Caf&eacute;&nbsp;&ndash; open", "Café – open"),
    "escaped once": ("A &lt;b&gt;bold&lt;/b&gt; plan", "A bold plan"),
    "escaped twice": ("Tom &amp;amp; Ann &amp;lt;em&amp;gt;win&amp;lt;/em&amp;gt;", "Tom & Ann win"),
    "CDATA with markup": ("<![CDATA[A <i>slow</i> boat &amp; more]]>", "A slow boat & more"),
    "bare ampersand": ("Fish & chips", "Fish & chips"),
    "a sign that is no tag": ("Profit &lt; 5 %", "Profit < 5 %"),
    "what the title is about": ("How &lt;canvas&gt; works", "How <canvas> works"),
    "numeric reference": ("It&#8217;s open", "It’s open"),
}


@pytest.mark.parametrize("case", TITLES.values(), ids=TITLES)
def test_titles_are_plain(case: tuple[str, str]) -> None:
    assert one(f"<title>{case[0]}</title><link>https://gazette.example/1</link>").title == case[1]


@pytest.mark.parametrize(
    "date",
    [
        "Wed, 04 Mar 2026 06:10:00 GMT",
        "Wed, 4 Mar 2026 06:10:00 +0000",
        "Wed, 04 March 2026 06:10:00 EST",
        "2026-03-04T06:10:00Z",
        "2026-03-04 06:10",
        "04.03.2026",
        "1772604600",
        "4. März 2026",
    ],
)
def test_bad_dates_are_passed_on_as_stated_and_can_be_read(date: str) -> None:
    found = one(f"<title>x</title><link>https://gazette.example/1</link><pubDate>{date}</pubDate>")
    assert found.published == date
    assert read_moment(date) is not None


def test_a_date_that_is_none_costs_the_date_alone() -> None:
    found = one("<title>x</title><link>https://gazette.example/1</link><pubDate>yesterday-ish</pubDate>")
    assert found.published == "yesterday-ish"
    assert found.url == "https://gazette.example/1"


def test_relative_links_are_resolved_by_xml_base_and_else_by_the_address() -> None:
    assert one("<title>x</title><link>a/1</link>", root='version="2.0" xml:base="https://cdn.example/news/"').url == (
        "https://cdn.example/news/a/1"
    )
    assert one("<title>x</title><link>/a/1</link>").url == "https://gazette.example/a/1"


def test_identity_without_guid_with_a_guid_that_is_no_link_and_with_one_that_changes() -> None:
    link = "<link>https://gazette.example/1</link>"
    bare = one(f"<title>x</title>{link}")
    named = one(f'<title>x</title>{link}<guid isPermaLink="false">post-1</guid>')
    changed = one(f'<title>x</title>{link}<guid isPermaLink="false">{"0" * 30}</guid>')
    assert item_key(bare) == item_key(named) == item_key(changed)
    assert content_hash(named) == content_hash(changed)
    only_guid = one("<title>x</title><guid>https://gazette.example/2</guid>")
    assert only_guid.url == "https://gazette.example/2"
    opaque = one('<title>x</title><guid isPermaLink="false">post-3</guid><description>Text.</description>')
    assert opaque.url is None
    assert item_key(opaque) != item_key(bare)


def test_dates_that_change_with_every_request_are_no_change() -> None:
    first, second = (
        one(f"<title>x</title><description>Text.</description><pubDate>Wed, 04 Mar 2026 06:{minute}:00 GMT</pubDate>")
        for minute in (10, 20)
    )
    assert content_hash(first) == content_hash(second)


def test_items_out_of_order_keep_their_order_and_their_dates() -> None:
    body = rss("".join(f"<item><title>{n}</title><pubDate>2026-03-0{n}</pubDate></item>" for n in (3, 1, 2)))
    assert [(found.title, found.published) for found in items(body)] == [(str(n), f"2026-03-0{n}") for n in (3, 1, 2)]


def test_full_text_summary_authors_and_tags() -> None:
    found = one(
        "<title>x</title><link>https://gazette.example/1</link><description>Short.</description>"
        "<content:encoded><![CDATA[<p>The whole text of the article.</p>]]></content:encoded>"
        "<author>mira@gazette.example (Mira Castell)</author><category>City</category><category>Port</category>",
        root='version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"',
    )
    assert found.content == "<p>The whole text of the article.</p>"
    assert (found.summary, found.authors, found.tags) == ("Short.", ("Mira Castell",), ("City", "Port"))


def _archive(count: int, filler: str) -> Iterator[str]:
    for number in range(count):
        yield f"<item><title>Story {number}</title><link>https://gazette.example/{number}</link><description>{filler}</description></item>"


def test_an_archive_is_read_in_pieces_whole_and_in_order() -> None:
    body = rss("".join(_archive(1500, "word " * 40)))
    assert len(body) > 2 * PARAMS.piece_chars
    found = items(body)
    assert [one.title for one in found] == [f"Story {number}" for number in range(1500)]
    assert found[-1].url == "https://gazette.example/1499"


def test_what_is_written_in_an_item_does_not_cut_it() -> None:
    trap = "<![CDATA[ </item><item> ]]>"
    body = rss("".join(_archive(800, f"{trap} {'word ' * 40}")))
    assert {one.title for one in items(body)} >= {f"Story {number}" for number in range(0, 800, 100)}


LAUGHS = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
REFUSED = {
    "billion laughs": (
        rss("<item><title>&j;</title></item>", head=f'<!DOCTYPE r [<!ENTITY a "ha">{LAUGHS}]>'),
        "entities",
    ),
    "quadratic blow-up": (
        rss("<item><title>&a;</title></item>", head=f'<!DOCTYPE r [<!ENTITY a "{"a" * 9999}">]>'),
        "entities",
    ),
    "a file by an entity": (
        rss("<item><title>&x;</title></item>", head='<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>'),
        "entities",
    ),
    "a URL by an entity": (
        rss("<item><title>&x;</title></item>", head='<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1/">]>'),
        "entities",
    ),
    "a document type that does not end": (rss("", head="<!DOCTYPE r [ <!ELEMENT a ANY "), "entities"),
    "an entity in UTF-16": (
        rss("<item><title>&x;</title></item>", head='<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>').encode(
            "utf-16"
        ),
        "entities",
    ),
    "nothing": ("", "unreadable"),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(200), "unreadable"),
    "plain words": ("Service temporarily unavailable", "unreadable"),
    "other XML": ("<?xml version='1.0'?><catalog><book/></catalog>", "unreadable"),
    "other JSON": ('{"error": "no"}', "unreadable"),
    "JSON without end": ('{"items": [' * 50_000, "unreadable"),
    "a gzip bomb": (gzip.compress(bytes(80 * 1024 * 1024)), "too_costly"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_has_a_reason(case: tuple[bytes | str, str]) -> None:
    found = parse(case[0])
    assert isinstance(found, ParseFailure)
    assert found.reason == case[1]


def test_a_page_names_its_feeds_and_none_of_its_comments() -> None:
    found = parse(
        '<!DOCTYPE html><html><head><base href="https://gazette.example/en/">'
        '<link rel="alternate" type="application/rss+xml" href="feed">'
        '<link rel="alternate stylesheet" href="dark.css"><link rel="alternate" hreflang="de" href="/de">'
        '<link rel="ALTERNATE" type="application/atom+xml; charset=utf-8" href="/atom.xml">'
        '<link rel="alternate" type="application/rss+xml" href="/comments/feed/"></head><body>Hello</body></html>'
    )
    assert isinstance(found, Parsed)
    assert found.kind == "page"
    assert [where for where, _ in found.links] == [
        "https://gazette.example/en/feed",
        "https://gazette.example/atom.xml",
    ]


def test_sitemaps_of_news_also_in_gzip_and_broken_off() -> None:
    entry = (
        "<url><loc>https://gazette.example/{n}</loc><news:news><news:publication><news:name>Gazette</news:name>"
        "<news:language>en</news:language></news:publication><news:publication_date>2026-03-04T06:10:00Z"
        "</news:publication_date><news:title>Story {n} &amp; more</news:title>"
        "<news:keywords>port, city</news:keywords></news:news>"
        "<image:image xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'>"
        "<image:loc>https://cdn.example/{n}.jpg</image:loc></image:image></url>"
    )
    head = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
    body = head + "".join(entry.replace("{n}", str(n)) for n in range(3)) + "</urlset>"
    for data in (body.encode(), gzip.compress(body.encode()), body.encode() + b"<oops"):
        found = parse(data)
        assert isinstance(found, Parsed)
        assert found.kind == "sitemap"
        assert [item.url for item in found.items] == [f"https://gazette.example/{n}" for n in range(3)]
        assert found.items[0].title == "Story 0 & more"
        assert found.items[0].tags == ("port", "city")
        assert found.items[0].publisher == "Gazette"
    cut = parse(body[:-40])
    assert isinstance(cut, Parsed)
    assert len(cut.items) == 2


def test_an_index_gives_its_newest_sitemaps() -> None:
    entries = "".join(
        f"<sitemap><loc>https://gazette.example/{n}.xml.gz</loc><lastmod>2026-03-{n % 28 + 1:02d}</lastmod></sitemap>"
        for n in range(300)
    )
    found = parse(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>')
    assert isinstance(found, Parsed)
    assert (found.kind, len(found.links), found.cut) == ("index", PARAMS.max_links, 300 - PARAMS.max_links)
    assert found.links[0][1] == "2026-03-28"


def test_times_of_rest_are_read() -> None:
    found = parse(rss("<ttl>45</ttl>"))
    assert isinstance(found, Parsed)
    assert found.ttl_secs == 2700


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpora are not here")
@pytest.mark.parametrize("folder", ["feeds_feedparser_encoding", "feeds_feedparser_illformed", "feeds_trafilatura"])
def test_feeds_of_the_corpora_are_read_or_refused(folder: str) -> None:
    outcomes = {path.name: parse(path.read_bytes()) for path in sorted((CORPUS / folder).iterdir())}
    readable = [name for name, found in outcomes.items() if isinstance(found, Parsed)]
    assert len(readable) >= 0.8 * len(outcomes), sorted(set(outcomes) - set(readable))
