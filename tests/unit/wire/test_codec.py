import orjson
import pytest
from msgspec.structs import replace

from pipeline.domain.article import Article
from pipeline.domain.decisions import decided
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, Signature, Void
from pipeline.errors import ContractError
from pipeline.wire.codec import (
    decode_article,
    decode_enriched,
    decode_log_record,
    decode_verdict_record,
    encode,
)

TITLE = "a headline nobody may log"
ORIGIN = Origin("", 3, 17)


def test_an_article_comes_back_as_it_was(article: Article) -> None:
    assert decode_article(encode(article)) == article


def test_text_is_written_as_utf_8_not_escaped(article: Article) -> None:
    written = encode(replace(article, headline="خط عبارات جديد"))
    assert "خط عبارات جديد".encode() in written


def test_absent_fields_are_not_written(article: Article) -> None:
    assert "subheadline" not in orjson.loads(encode(article))


def test_unknown_fields_of_a_later_release_are_ignored(article: Article) -> None:
    data = orjson.loads(encode(article))
    data["reading_time_secs"] = 40
    data["quality"]["readability"] = 0.3
    assert decode_article(orjson.dumps(data)) == article


@pytest.mark.parametrize(
    "record",
    [
        Signature(
            version=1,
            article_id=ArticleId("a" * 32),
            origin=ORIGIN,
            content_hash=b"\x00\xff" * 8,
            ingested_at_ms=1,
            observed_at_ms=2,
            sketch=bytes(range(256)),
        ),
        Void(article_id=ArticleId("a" * 32), origin=ORIGIN),
        Activate(fold_version=2, signature_version=3),
    ],
)
def test_log_records_come_back_as_they_were(record: Signature | Void | Activate) -> None:
    assert decode_log_record(encode(record)) == record


def test_a_verdict_comes_back_as_it_was(article: Article) -> None:
    assert article.verdict is not None
    assert decode_verdict_record(encode(decided(article, article.verdict))) == decided(article, article.verdict)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"word_count": TITLE}, "Expected `int`, got `str` at $.word_count"),
        ({"action": TITLE}, "at $.action"),
        ({"quality": {"flags": []}}, "Object missing required field `score` at $.quality"),
        ({"rights": TITLE}, "at $.rights"),
        ({"authors": [{"name": TITLE, "url": 5}]}, "at $.authors[0].url"),
    ],
)
def test_an_error_names_the_place_and_quotes_nothing(article: Article, change: dict[str, object], message: str) -> None:
    data = {**orjson.loads(encode(article)), **change}
    with pytest.raises(ContractError) as caught:
        decode_article(orjson.dumps(data))
    assert message in str(caught.value)
    assert TITLE not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"id": "a"',
        b"nonsense",
        b"[]",
        b"null",
        b'{"id": "\xff"}',
        b'{"id": "\\ud800"}',
        b"[" * 100_000,
        b'{"extra": ' + b'{"a":' * 100_000,
    ],
)
def test_bytes_that_are_no_article_are_a_contract_error(data: bytes) -> None:
    with pytest.raises(ContractError, match="not a valid article"):
        decode_article(data)
    with pytest.raises(ContractError, match="not a valid enriched article"):
        decode_enriched(data)


@pytest.mark.parametrize("extra", [{"a": "\ud800"}])
def test_what_json_cannot_hold_is_a_contract_error(article: Article, extra: dict[str, object]) -> None:
    with pytest.raises(ContractError, match="Article cannot be written"):
        encode(replace(article, extra=extra))
