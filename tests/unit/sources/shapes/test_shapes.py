"""NewsML-G2 and NITF as raw articles that `ingest` understands; hostile XML is refused."""

from typing import Any

import orjson
import pytest

from pipeline.domain.raw import RawArticle
from pipeline.sources.shapes.errors import ShapeError
from pipeline.sources.shapes.reading import read_shape, read_xml
from pipeline.text.params import IngestParams
from pipeline.wire.raw import decode_raw

NITF = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nitf SYSTEM "nitf-3-4.dtd">
<nitf xml:lang="en"{more}>
 <head><title>pilot station</title>
  <docdata{status}>
   <doc-id id-string="hw-117" regsrc="Harbour Wire"/><date.issue norm="20260304T061000Z"/>
   <doc.copyright holder="Harbour Wire" year="2026"/>
   <key-list><keyword key="shipping"/><keyword key="pilots"/></key-list>
  </docdata>
 </head>
 <body>
  <body.head>
   <hedline><hl1>New <em>pilot</em> station</hl1><hl2>The board has voted</hl2></hedline>
   <byline>By <person>Mira Castell</person></byline>
  </body.head>
  <body.content><block><p>The harbour board approved it.</p><p>The first boat left at six.</p></block></body.content>
 </body>
</nitf>
"""
PLAIN_NITF = NITF.format(more="", status="").encode()

ITEM = """\
<newsItem guid="urn:newsml:wire.example:20260304:117" version="2" xml:lang="en">
 <rightsInfo><copyrightNotice>Harbour Wire 2026</copyrightNotice><usageTerms>Not for archives</usageTerms></rightsInfo>
 <itemMeta>
  <provider qcode="nprov:HW"><name>Harbour Wire</name></provider>
  <versionCreated>2026-03-04T07:00:00Z</versionCreated><firstCreated>2026-03-04T06:10:00Z</firstCreated>
  <pubStatus qcode="stat:{status}"/>
  <link rel="irel:seeAlso" contenttype="text/html" href="https://wire.example/117"/>
 </itemMeta>
 <contentMeta>
  <headline>New pilot station</headline><by>Mira Castell</by><language tag="en"/>
  <subject qcode="medtop:20000337"><name>shipping</name></subject><subject qcode="hw:pilots"/>
 </contentMeta>
 <contentSet>{content}</contentSet>
</newsItem>
"""
XHTML = (
    '<inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>'
    "</head><body><p>The harbour board approved it.</p><ul><li>The first boat left at six.</li></ul></body></html>"
    "</inlineXML>"
)
INLINE_NITF = f"<inlineXML>{NITF.format(more='', status='').partition(chr(10))[2].partition(chr(10))[2]}</inlineXML>"
TEXT = "The harbour board approved it.\n\nThe first boat left at six."


def message(*items: str) -> bytes:
    return (
        '<newsMessage xmlns="http://iptc.org/std/nar/2006-10/"><header/><itemSet>'
        + "".join(items)
        + "</itemSet></newsMessage>"
    ).encode()


def read(value: bytes) -> RawArticle:
    article = decode_raw(value, (), IngestParams())
    assert isinstance(article, RawArticle), article
    return article


def test_nitf_is_read() -> None:
    (value,) = read_shape("nitf", PLAIN_NITF)
    article = read(value)
    assert (article.id, article.source, article.language) == ("hw-117", "Harbour Wire", "en")
    assert (article.title, article.subtitle) == ("New pilot station", "The board has voted")
    assert (article.text, article.authors) == (TEXT, ("By Mira Castell",))
    assert article.published_at == "2026-03-04T06:10:00Z"
    assert article.tags == ("shipping", "pilots")
    assert article.rights == {"copyright_holder": "Harbour Wire"}


@pytest.mark.parametrize("content", [XHTML, INLINE_NITF], ids=["XHTML", "NITF"])
def test_newsml_is_read(content: str) -> None:
    (value,) = read_shape("newsml-g2", message(ITEM.format(status="usable", content=content)))
    article = read(value)
    assert article.url == "https://wire.example/117"
    assert article.id == "urn:newsml:wire.example:20260304:117"
    assert (article.title, article.source, article.language) == ("New pilot station", "Harbour Wire", "en")
    assert (article.text, article.authors) == (TEXT, ("Mira Castell",))
    assert (article.published_at, article.modified_at) == ("2026-03-04T06:10:00Z", "2026-03-04T07:00:00Z")
    assert article.tags == ("shipping", "pilots")
    assert article.rights == {"copyright_notice": "Harbour Wire 2026", "usage_terms": "Not for archives"}


def test_a_message_has_several_articles_and_pictures_are_left_out() -> None:
    picture = ITEM.format(status="usable", content='<remoteContent href="a.jpg"/>')
    text = ITEM.format(status="usable", content="<inlineData>The harbour board approved it.</inlineData>")
    values = read_xml(message(text, picture, text.replace(":117", ":118")))
    assert [orjson.loads(value)["id"][-3:] for value in values] == ["117", "118"]


def test_withdrawn_items_are_retractions() -> None:
    (newsml,) = read_xml(message(ITEM.format(status="canceled", content="")))
    (nitf,) = read_xml(NITF.format(more="", status=' management-status="killed"').encode())
    assert read(newsml).action == read(nitf).action == "retract"


def test_json_stays_as_it_is() -> None:
    for value in (b'{"uri": "x"}', b"{broken", b""):
        assert read_shape("ninjs", value) == read_shape("raw", value) == [value]


LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
HOSTILE: dict[str, Any] = {
    "billion laughs": f'<!DOCTYPE nitf [<!ENTITY l0 "ha">{LAUGHS}]><nitf>&l9;</nitf>'.encode(),
    "external entity": b'<!DOCTYPE nitf [<!ENTITY x SYSTEM "file:///etc/passwd">]><nitf>&x;</nitf>',
    "parameter entity": b'<!DOCTYPE nitf [<!ENTITY % x SYSTEM "http://127.0.0.1/x">%x;]><nitf/>',
    "too many tags": b"<nitf>" + b"<p/>" * 400_001 + b"</nitf>",
    "cut": PLAIN_NITF[:-20],
    "no XML": b"%PDF-1.7",
    "empty": b"",
    "unknown charset": b'<?xml version="1.0" encoding="klingon"?><nitf/>',
    "another root": b"<rss/>",
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_and_broken_documents_are_refused(value: bytes) -> None:
    with pytest.raises(ShapeError):
        read_xml(value)


def test_deep_nesting_ends_no_process() -> None:
    value = (
        b"<nitf><body><body.content>" + b"<a>" * 150_000 + b"x" + b"</a>" * 150_000 + b"</body.content></body></nitf>"
    )
    (found,) = read_xml(value)
    assert orjson.loads(found)["text"] == "x"
