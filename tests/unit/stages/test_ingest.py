"""The ingest stage: outcomes for text, pages, retractions and invalid records."""

import gzip
import hashlib
from collections.abc import Sequence

import orjson
import pytest

from pipeline.dedup.signature.facts import unpack_facts
from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.article import Article, Versions
from pipeline.domain.extraction import Extraction
from pipeline.domain.outcome import Emit, Reject
from pipeline.domain.record import Headers, Origin, Record
from pipeline.domain.signature import Signature
from pipeline.stages.ingest import IngestParams, IngestStage
from pipeline.text.learned_boilerplate import LearnedBoilerplate, LearnedLine
from pipeline.text.quality import FLAG_WEIGHTS
from pipeline.wire.raw import raw_key
from pipeline.wire.raw_aliases import ALIASES

URL = "https://www.nahr-news.example/water/dam-holds"

ARABIC = """السد يصمد أمام الفيضان بعد ليلة طويلة

السد يصمد أمام الفيضان بعد ليلة طويلة
قال مهندسون يوم الثلاثاء إن السد القديم صمد أمام أعلى منسوب للمياه منذ ثلاثين عاما، وإن القرى أسفله لم تعد في خطر.

خطة للإخلاء

وكشف مسؤول في وزارة المياه لموقع المونيتور أن خطة الإخلاء كانت جاهزة منذ الأحد، وأن عشرين حافلة تنتظر عند مداخل القرى.

للاطلاع على التقرير من المصدر

التعليقات (0)

    0

    الأكثر قراءة

    💡 أهم المواضيع
"""

PAGE = """<!doctype html><html lang="en"><head><title>Dam holds after long night | Nahr News</title>
<meta property="og:title" content="Dam holds after long night"><meta property="og:site_name" content="Nahr News">
<link rel="canonical" href="https://www.nahr-news.example/2026/dam-holds?utm_source=home">
<script type="application/ld+json">{"@type":"NewsArticle","headline":"Dam holds after long night",
"datePublished":"2026-01-06T08:30:00+02:00","author":{"name":"By Ada Okafor"}}</script></head>
<body><nav><a href="/">Home</a></nav><article><h1>Dam holds after long night</h1>
<p>The old dam withstood the highest water in thirty years, engineers said on Tuesday, and all below are safe.</p>
<h2>Buses at the ready</h2>
<p>An evacuation plan had been ready since Sunday, with twenty buses waiting at the entrances of the villages.</p>
<div class="related-stories"><p><a href="/x">Ten dams you should see before they are gone</a></p></div>
</article><footer><p>Copyright Nahr News</p></footer></body></html>"""


def _record(value: bytes | None, headers: Headers = (), offset: int = 5) -> Record:
    return Record("news.articles.raw.v1", 3, offset, 1_767_700_000_000, b"key", value, headers)


def _article(value: bytes, headers: Headers = ()) -> Article:
    (outcome,) = IngestStage(version="1").process([_record(value, headers)])
    assert isinstance(outcome, Emit)
    assert isinstance(outcome.value, Article)
    return outcome.value


def _text(**fields: object) -> Article:
    return _article(orjson.dumps({"url": URL, **fields}))


def test_pasted_page_becomes_the_article() -> None:
    article = _text(text=ARABIC)
    assert article.headline == "السد يصمد أمام الفيضان بعد ليلة طويلة"
    assert article.headline not in article.body
    paragraphs = article.body.split("\n\n")
    assert len(paragraphs) == 3
    assert paragraphs[1] == "خطة للإخلاء"
    assert article.attribution is not None
    assert article.attribution.source_domain == "al-monitor.com"
    assert "المونيتور" in article.attribution.evidence


def test_markup_in_the_text_of_a_feed() -> None:
    article = _text(
        title="Dam holds", text="<p>The dam held &amp; all is well.</p><p>Roads<br>reopen <b>today</b>.</p>"
    )
    assert article.body == "The dam held & all is well.\n\nRoads\n\nreopen today."
    escaped = _text(title="Dam <b>holds</b>", text="&lt;p&gt;The dam held &amp;amp; all is well.&lt;/p&gt;")
    assert (escaped.headline, escaped.body) == ("Dam holds", "The dam held & all is well.")
    assert _text(text="If a < b and b > c, then").body == "If a < b and b > c, then"


def test_text_that_is_only_its_title_is_kept() -> None:
    article = _text(title="Dam holds", text="Dam holds")
    assert (article.headline, article.body) == ("Dam holds", "Dam holds")
    assert "too_short" in article.quality.flags


def test_page() -> None:
    article = _article(PAGE.encode(), (("content-type", b"text/html"), ("url", URL.encode())))
    assert article.headline == "Dam holds after long night"
    assert article.body.split("\n\n") == [
        "The old dam withstood the highest water in thirty years, engineers said on Tuesday, and all below are safe.",
        "Buses at the ready",
        "An evacuation plan had been ready since Sunday, with twenty buses waiting at the entrances of the villages.",
    ]
    assert article.canonical_url == "https://www.nahr-news.example/2026/dam-holds"
    assert [author.name for author in article.authors] == ["Ada Okafor"]
    assert article.published_at is not None
    assert (article.published_at.value, article.published_at.source) == ("2026-01-06T06:30:00.000Z", "json-ld")
    assert article.publisher is not None
    assert (article.publisher.domain, article.publisher.name) == ("nahr-news.example", "Nahr News")


def test_canonical_of_another_site_or_a_front_page_does_not_count() -> None:
    for href in ("https://elsewhere.example/a", "https://nahr-news.example/"):
        page = PAGE.replace("https://www.nahr-news.example/2026/dam-holds?utm_source=home", href)
        article = _article(page.encode(), (("content-type", b"text/html"), ("url", URL.encode())))
        assert article.canonical_url == URL
        assert any(flag.startswith("canonical_") for flag in article.quality.flags)


def test_key_equals_id() -> None:
    record = _record(orjson.dumps({"url": URL + "/?utm_source=feed", "text": ARABIC}))
    assert raw_key(record.value, record.headers) == _text(text=ARABIC).id


def test_provenance() -> None:
    value = orjson.dumps({"url": URL, "text": ARABIC})
    record = _record(value, (("traceparent", b"00-abc-def-01"),), offset=9)
    (outcome,) = IngestStage(lane="backfill.", version="1").process([record])
    assert isinstance(outcome, Emit)
    article = outcome.value
    assert article.provenance.content_sha256 == hashlib.sha256(value).hexdigest()
    assert article.provenance.traceparent == "00-abc-def-01"
    assert article.signature.origin == Origin("backfill.", 3, 9)
    assert article.ingested_at == "2026-01-06T11:46:40.000Z"


def test_the_extraction_mode_is_in_the_provenance_unless_it_is_the_default() -> None:
    record = _record(orjson.dumps({"url": URL, "html": PAGE}))
    named = []
    settings: tuple[Extraction, ...] = ("auto", "fast", "accurate")
    for extraction in settings:
        (outcome,) = IngestStage(IngestParams(extraction=extraction), version="1").process([record])
        assert isinstance(outcome, Emit)
        named.append(outcome.value.provenance.versions)
    assert named == [Versions(pipeline="1", extraction=name) for name in (None, "fast", "accurate")]


def test_learned_lines_apply_to_their_source_only() -> None:
    notice = "The Nahr News lives from its readers: become one of our friends today."
    text = f"The dam held through the night, engineers said.\n{notice}\nTwenty buses waited in vain at the villages."
    lines = {"nahr-news.example": [LearnedLine(line=notice, articles=20, anywhere=True)]}
    stage = IngestStage(boilerplate=LearnedBoilerplate.from_sources(lines))
    records = [
        _record(orjson.dumps({"url": url, "text": text}), offset=offset)
        for offset, url in enumerate((URL, "https://elsewhere.example/a"))
    ]
    own, other = (outcome.value for outcome in stage.process(records) if isinstance(outcome, Emit))
    assert notice not in own.body
    assert notice in other.body
    assert own.provenance.versions is not None
    assert own.provenance.versions.boilerplate == LearnedBoilerplate.from_sources(lines).version


def test_the_source_of_a_signature_is_the_site_not_the_feed() -> None:
    feeds = [_text(text=ARABIC, source=feed).signature.source for feed in ("nahr-sport", "nahr-home")]
    assert feeds == ["nahr-news.example", "nahr-news.example"]
    elsewhere = _article(orjson.dumps({"url": "https://other.example/a", "text": ARABIC, "source": "nahr-home"}))
    assert elsewhere.signature.source == "other.example"
    assert elsewhere.publisher is not None
    assert elsewhere.publisher.id == "nahr-home"
    named = _article(orjson.dumps({"id": "77", "text": ARABIC, "source": "wire"}))
    assert named.signature.source == "wire"


def test_fetched_at_is_normalised_or_absent() -> None:
    good = _text(text=ARABIC, fetched_at="2026-01-06T10:00:00+02:00")
    assert good.fetched_at == "2026-01-06T08:00:00.000Z"
    assert good.signature.observed_at_ms == 1_767_686_400_000
    bad = _text(text=ARABIC, fetched_at="yesterday")
    assert bad.fetched_at is None
    assert "fetched_at_unreadable" in bad.quality.flags
    assert bad.signature.observed_at_ms == 1_767_700_000_000


def test_retraction_has_no_text() -> None:
    article = _text(action="retract")
    assert (article.action, article.body, article.headline) == ("retract", "", "")
    assert article.signature.action == "retract"
    assert (article.signature.sketch, article.signature.shingles) == (b"", 0)


def test_outcomes_keep_their_places() -> None:
    good = orjson.dumps({"url": URL, "text": ARABIC})
    outcomes = IngestStage().process([_record(None), _record(good, offset=1), _record(b"{"), _record(good, offset=3)])
    assert [type(outcome) for outcome in outcomes] == [Reject, Emit, Reject, Emit]
    emitted = [outcome.value for outcome in outcomes if isinstance(outcome, Emit)]
    assert [article.signature.origin.offset for article in emitted] == [1, 3]


def test_article_past_the_internal_limit_is_rejected_here() -> None:
    params = IngestParams(max_article_bytes=2000)
    (outcome,) = IngestStage(params).process([_record(orjson.dumps({"url": URL, "text": "word " * 600}))])
    assert isinstance(outcome, Reject)
    assert outcome.reason == "too_large"


def test_facts_of_a_text_past_the_limit_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[int] = []

    def count(inputs: Sequence[SigningInput]) -> list[Signature]:
        signed.append(len(inputs))
        return sign(inputs)

    monkeypatch.setattr("pipeline.stages.ingest.sign", count)
    params = IngestParams(max_article_bytes=2000)
    (outcome,) = IngestStage(params).process([_record(orjson.dumps({"url": URL, "text": "word " * 600}))])
    assert isinstance(outcome, Reject)
    assert (outcome.reason, signed) == ("too_large", [0])


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "".join(f"<b a={i}>" for i in range(3000)) + "x</p>" + "<p>x</p>" * 3000,
        "<ul><li>" * 20_000,
        "<div>" * 30_000,
        "<div " + " ".join(f"a{i}" for i in range(20_000)) + ">",
        """<div q"=">" """ + " ".join(f"a{i}='>'" for i in range(20_000)) + ">",
    ],
)
def test_page_that_would_stall_the_parser_is_rejected(html: str) -> None:
    (outcome,) = IngestStage().process([_record(orjson.dumps({"url": URL, "html": html}))])
    assert isinstance(outcome, Reject)
    assert outcome.reason in {"too_deep", "time_limit"}


def test_page_without_text_is_no_article() -> None:
    (outcome,) = IngestStage().process([_record(orjson.dumps({"url": URL, "html": "<html><body></body></html>"}))])
    assert isinstance(outcome, Reject)
    assert outcome.reason == "not_an_article"


def test_a_compressed_article_is_measured_by_what_it_unpacks_to() -> None:
    text = "\n\n".join(f"Paragraph {n} says something of its own about the matter." for n in range(90_000))
    value = gzip.compress(orjson.dumps({"url": "https://news.example/long", "text": text}))
    record = Record("raw", 0, 0, 1_764_000_000_000, None, value, (("content-encoding", b"gzip"),))
    (outcome,) = IngestStage().process([record])
    assert isinstance(outcome, Reject)
    assert outcome.reason == "too_large"


def test_in_a_lane_the_time_of_an_article_is_when_it_was_fetched() -> None:
    text = "A text that is long enough to be taken for an article by anybody who reads it. " * 6
    value = orjson.dumps({"url": "https://news.example/a", "text": text, "fetched_at": "2026-01-02T03:04:05Z"})
    record = Record("raw", 0, 0, 1_790_000_000_000, None, value)
    (live,) = IngestStage().process([record])
    (backfilled,) = IngestStage(lane="backfill").process([record])
    assert isinstance(live, Emit)
    assert isinstance(backfilled, Emit)
    assert live.value.signature.ingested_at_ms == 1_790_000_000_000
    assert backfilled.value.ingested_at == "2026-01-02T03:04:05.000Z"
    assert backfilled.value.signature.ingested_at_ms == 1_767_323_045_000


PLAIN = "A text that is long enough to be taken for an article by anybody who reads it. " * 6
AGAIN: Headers = (("news.replay.arrived-ms", b"1767000000000"),)


def test_in_a_lane_a_replayed_record_has_the_time_of_its_first_arrival() -> None:
    value = orjson.dumps({"url": "https://a.example/1", "text": PLAIN, "published_at": "2025-12-01T00:00:00Z"})
    times = {}
    for lane, headers in (("backfill", AGAIN), ("backfill", ()), ("", AGAIN)):
        (outcome,) = IngestStage(lane=lane).process([_record(value, headers)])
        assert isinstance(outcome, Emit)
        times[lane, bool(headers)] = outcome.value.signature.ingested_at_ms
    assert times == {
        ("backfill", True): 1_767_000_000_000,
        ("backfill", False): 1_764_547_200_000,  # published
        ("", True): 1_767_700_000_000,  # live traffic has the broker's time
    }


def test_a_replayed_record_is_observed_when_it_first_arrived() -> None:
    value = orjson.dumps({"url": "https://a.example/1", "text": PLAIN})
    assert _article(value, AGAIN).signature.observed_at_ms == 1_767_000_000_000
    assert _article(value).signature.observed_at_ms == 1_767_700_000_000
    fetched = orjson.dumps({"url": "https://a.example/1", "text": PLAIN, "fetched_at": "2025-12-20T00:00:00Z"})
    assert _article(fetched, AGAIN).signature.observed_at_ms == 1_766_188_800_000


def test_a_time_of_fetching_after_the_arrival_does_not_count() -> None:
    value = orjson.dumps({"url": "https://a.example/1", "text": PLAIN, "fetched_at": "2027-01-05T00:00:00Z"})
    article = _article(value)
    assert article.signature.observed_at_ms == 1_767_700_000_000
    assert "fetched_at_unreadable" in article.quality.flags


def test_in_a_lane_an_article_without_any_time_is_undated() -> None:
    undated = orjson.dumps({"url": "https://a.example/1", "text": PLAIN})
    dated = orjson.dumps({"url": "https://a.example/1", "text": PLAIN, "published_at": "2025-12-01T00:00:00Z"})
    future = orjson.dumps({"url": "https://a.example/1", "text": PLAIN, "published_at": "2095-12-01T00:00:00Z"})
    undated_flags = []
    for lane, value in (("backfill", undated), ("backfill", dated), ("backfill", future), ("", undated)):
        (outcome,) = IngestStage(lane=lane).process([_record(value)])
        assert isinstance(outcome, Emit)
        undated_flags.append(outcome.value.signature.undated)
    assert undated_flags == [True, False, True, False]


def test_unreadable_fields_are_flagged_and_kept() -> None:
    article = _article(orjson.dumps({"url": URL, "text": ARABIC, "tags": [1.5], "published_at": True}))
    assert {"tags_unreadable", "published_at_unreadable"} <= set(article.quality.flags)
    assert article.extra == {"tags": [1.5], "published_at": True}


def test_every_field_has_a_flag_for_when_it_is_unreadable() -> None:
    assert {f"{field}_unreadable" for field in ALIASES} <= set(FLAG_WEIGHTS)


def test_stubs_and_walls_are_compared_without_their_notice() -> None:
    notice = (
        "To continue reading this article, subscribe now. Already a subscriber? Log in. Your subscription pays for "
        "reporters in all valleys, and opens the archive, the daily letter and the weekend magazine to you and others. "
    ) * 3
    one, other = (_text(title=title, text=notice).signature for title in ("Minister resigns", "Fish prices fall"))
    assert one.text_hash == other.text_hash == b""
    assert one.content_hash != other.content_hash
    lead = "The minister of the interior resigned on Tuesday after a night of talks with the parties that back her."
    assert _text(title="Minister resigns", text=f"{lead}\n{notice}").signature.text_hash != b""


@pytest.mark.parametrize("timestamp_ms", [-(2**63), -1, 253_402_300_800_000, 2**63 - 1])
def test_a_record_of_no_time_is_rejected(timestamp_ms: int) -> None:
    value = orjson.dumps({"url": URL, "text": ARABIC})
    (outcome,) = IngestStage().process([Record("t", 0, 0, timestamp_ms, b"key", value)])
    assert isinstance(outcome, Reject)
    assert outcome.reason == "invalid_schema"


@pytest.mark.parametrize(
    ("end", "is_part"),
    [
        ("Talks go on in the morning, she said.", False),
        ("Talks go on in the …", True),
        ("Subscribe to continue reading. Already a subscriber? Log in.", True),
    ],
)
def test_a_text_that_is_only_a_part_is_marked_in_the_facts(end: str, is_part: bool) -> None:
    lead = "The minister of the interior resigned on Tuesday after a night of talks with the parties that back her."
    facts = unpack_facts(_text(title="Minister resigns", text=f"{lead}\n\n{end}").signature.facts)
    assert facts is not None
    assert facts.is_stub == is_part
