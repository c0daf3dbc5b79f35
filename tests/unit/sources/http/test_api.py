"""What is accepted, in whose name, and how everything else is refused."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.domain.raw import RawArticle
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.problems import ProblemError
from pipeline.text.params import IngestParams
from pipeline.wire.output import OutputRecord
from pipeline.wire.raw import decode_raw
from tests.harness.pushing import OTHER_KEY, Pushing, keys_text, pushing

TEXT = "The harbour board approved a new pilot station on Tuesday."
ARTICLE = {"url": "https://harbour-gazette.example/station", "text": TEXT}
LINES = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Pushing]:
    async with pushing(tmp_path) as running:
        yield running


def read(record: OutputRecord) -> RawArticle:
    article = decode_raw(record.value, record.headers, IngestParams())
    assert isinstance(article, RawArticle)
    assert record.key == article.article_id.encode()
    return article


def lines(*articles: object) -> bytes:
    return b"\n".join(article if isinstance(article, bytes) else orjson.dumps(article) for article in articles)


async def test_an_article_is_accepted_in_the_name_of_the_key(server: Pushing) -> None:
    status, answer, _ = await server.ask("POST", json=ARTICLE)
    (record,) = server.sent
    article = read(record)
    assert (status, answer) == (202, {"status": "accepted", "article_id": article.article_id})
    assert article.source == "Harbour Gazette"
    assert dict(record.headers)["principal"] == b"http:harbour"


SHAPES: dict[str, dict[str, Any]] = {
    "own fields": ARTICLE | {"source": "Harbour Weekly"},
    "NewsAPI": {"source": {"id": None, "name": "Harbour Weekly"}, "url": ARTICLE["url"], "content": TEXT},
    "Kafka Connect": {"schema": {}, "payload": ARTICLE | {"source": "Harbour Weekly"}},
    "CloudEvents": {
        "specversion": "1.0", "type": "page", "id": "7", "source": "/crawler",
        "data": ARTICLE | {"source": "Harbour Weekly"},
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
async def test_shapes_that_ingest_understands_are_sent_unchanged(server: Pushing, shape: dict[str, Any]) -> None:
    status, answer, _ = await server.ask("POST", json=shape)
    assert status == 202, answer
    assert orjson.loads(server.sent[0].value or b"") == shape
    assert read(server.sent[0]).source == "Harbour Weekly"


async def test_a_page_is_sent_with_its_fields_from_headers(server: Pushing) -> None:
    page = f"<html><p>{TEXT}</p></html>".encode("utf-16")
    headers = {
        "Content-Type": "text/html; charset=utf-16",
        "Article-Url": "https://harbour-gazette.example/1",
        "Article-Title": "Lotsenstation für den Häfen",
        "Article-Published-At": "2026-03-04T06:10:00Z",
    }
    assert (await server.ask("POST", data=page, headers=headers))[0] == 202
    article = read(server.sent[0])
    assert TEXT in (article.html or "")
    assert (article.title, article.source) == ("Lotsenstation für den Häfen", "Harbour Gazette")
    assert article.published_at == "2026-03-04T06:10:00Z"


@pytest.mark.parametrize(
    ("change", "status", "kind", "fields"),
    [
        ({"url": "ftp://x"}, 422, "invalid_article", ["url"]),
        ({"url": None}, 202, "", []),  # its content identifies it, in its source
        ({"source": None}, 202, "", []),
        ({"text": None}, 422, "invalid_article", ["html", "text"]),
        ({"text": {"deep": 5}}, 422, "invalid_article", ["text"]),
        ({"action": "burn"}, 422, "invalid_article", ["action"]),
        ({"source": "Valley Post"}, 403, "other_source", ["source"]),
        ({"source": {"name": "Valley Post"}}, 403, "other_source", ["source"]),
        ({"source": "harbour gazette"}, 403, "other_source", ["source"]),
    ],
)
async def test_a_problem_names_the_field(
    server: Pushing, change: dict[str, Any], status: int, kind: str, fields: list[str]
) -> None:
    found, answer, headers = await server.ask("POST", json=ARTICLE | change)
    assert found == status, answer
    if kind:
        assert headers["Content-Type"] == "application/problem+json"
        assert answer["type"] == f"urn:news-pipeline:problem:{kind}"
        assert answer["status"] == status
        assert [error["field"] for error in answer["errors"]][: len(fields)] == fields
        assert TEXT not in str(answer)
        assert not server.sent


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 422),
        ({"data": b"", "headers": {"Content-Type": "application/json"}}, 422),
        ({"data": b"[]", "headers": {"Content-Type": "application/json"}}, 422),
        ({"data": b"x", "headers": {"Content-Type": "image/png"}}, 415),
        ({"json": ARTICLE, "key": None}, 401),
        ({"json": ARTICLE, "key": "news_wrong"}, 401),
        ({"data": b"\n \n", "headers": LINES}, 400),
        ({"data": b"x" * 70, "headers": {"Content-Type": "text/plain", "Content-Encoding": "gzip"}}, 422),
    ],
)
async def test_other_requests_are_refused(server: Pushing, more: dict[str, Any], status: int) -> None:
    found, answer, headers = await server.ask("POST", **more)
    assert (found, answer["status"]) == (status, status)
    assert headers["Content-Type"] == "application/problem+json"
    assert not server.sent
    if status == 401:
        assert headers["WWW-Authenticate"].startswith("Bearer")


async def test_wrong_addresses_and_methods_are_problems_too(server: Pushing) -> None:
    status, answer, headers = await server.ask("GET")
    assert (status, answer["status"], headers["Allow"]) == (405, 405, "POST")
    assert (await server.ask("GET", "/nothing"))[0] == 404


async def test_a_key_is_bound_to_domains(tmp_path: Path) -> None:
    async with pushing(tmp_path, keys=keys_text(domains=["harbour-gazette.example"])) as server:
        assert (await server.ask("POST", json=ARTICLE))[0] == 202
        assert (await server.ask("POST", json=ARTICLE | {"url": "https://www.harbour-gazette.example/2"}))[0] == 202
        status, answer, _ = await server.ask("POST", json=ARTICLE | {"url": "https://valley-post.example/1"})
        assert (status, answer["errors"][0]["field"]) == (403, "url")


async def test_a_batch_is_answered_line_by_line(server: Pushing) -> None:
    body = lines(
        ARTICLE, b"", b"{broken", ARTICLE | {"source": "Valley Post"}, ARTICLE | {"url": "https://a.example/2"}
    )
    status, answer, _ = await server.ask("POST", data=gzip.compress(body), headers=LINES | {"Content-Encoding": "gzip"})
    assert (status, answer["accepted"], answer["refused"]) == (207, 2, 2)
    found = {item["line"]: item.get("status") or item["problem"]["type"].rpartition(":")[2] for item in answer["items"]}
    assert found == {1: "accepted", 3: "invalid_article", 4: "other_source", 5: "accepted"}
    assert [read(record).url for record in server.sent] == [ARTICLE["url"], "https://a.example/2"]


async def test_a_batch_has_a_bound(tmp_path: Path) -> None:
    async with pushing(tmp_path, params=HttpSourceParams(max_batch_items=2)) as server:
        assert (await server.ask("POST", data=lines(ARTICLE, ARTICLE), headers=LINES))[0] == 202
        assert (await server.ask("POST", data=lines(ARTICLE, ARTICLE, ARTICLE), headers=LINES))[0] == 413
        assert len(server.sent) == 2


async def test_a_repeated_idempotency_key_sends_nothing_again(server: Pushing) -> None:
    named = {"Idempotency-Key": "k1"}
    first = await server.ask("POST", json=ARTICLE, headers=named)
    again = await server.ask("POST", json=ARTICLE, headers=named)
    assert (first[0], first[1]) == (again[0], again[1]) == (202, first[1])
    assert again[2]["Idempotent-Replayed"] == "true"
    assert len(server.sent) == 1
    status, answer, _ = await server.ask("POST", json=ARTICLE | {"title": "New"}, headers=named)
    assert (status, answer["type"].rpartition(":")[2]) == (422, "key_reused")
    assert (await server.ask("POST", json=ARTICLE, headers={"Idempotency-Key": "x" * 256}))[0] == 400


async def test_an_idempotency_key_in_progress_is_a_conflict(server: Pushing) -> None:
    named = {"Idempotency-Key": "k1"}
    server.delivery.gate.clear()
    first = asyncio.create_task(server.ask("POST", json=ARTICLE, headers=named))
    await server.holding(1)
    status, _, headers = await server.ask("POST", json=ARTICLE, headers=named)
    assert (status, int(headers["Retry-After"]) > 0) == (409, True)
    server.delivery.gate.set()
    assert (await first)[0] == 202


async def test_what_the_brokers_did_not_take_may_be_sent_again_with_the_same_key(server: Pushing) -> None:
    server.delivery.refusal = lambda _: ProblemError("unavailable", retry_secs=7)
    for data, expected in ((lines(ARTICLE), 207), (b"", 503)):
        more: dict[str, Any] = {"data": data, "headers": LINES} if data else {"json": ARTICLE}
        more["headers"] = more.get("headers", {}) | {"Idempotency-Key": str(expected)}
        status, _, headers = await server.ask("POST", **more)
        assert status == expected
        assert headers.get("Retry-After") == ("7" if expected == 503 else None)
        server.delivery.refusal = lambda _: None
        assert (await server.ask("POST", **more))[0] == 202
        server.delivery.refusal = lambda _: ProblemError("unavailable", retry_secs=7)


async def test_a_rate_is_kept_for_each_key(tmp_path: Path) -> None:
    async with pushing(tmp_path, keys=keys_text(records_per_sec=0.5), records_per_sec=1000) as server:
        statuses = [(await server.ask("POST", json=ARTICLE))[0] for _ in range(7)]
        assert statuses == [202] * 5 + [429] * 2
        status, answer, headers = await server.ask("POST", data=lines(ARTICLE), headers=LINES)
        assert (status, answer["type"].rpartition(":")[2]) == (429, "rate_limited")
        assert 1 <= int(headers["Retry-After"]) <= 2
        other = ARTICLE | {"source": "Valley Post"}
        assert (await server.ask("POST", json=other, key=OTHER_KEY))[0] == 202
        assert len(server.sent) == 6


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        (
            "/v1/articles/https%3A%2F%2Fharbour-gazette.example%2Fa%3Fb%3D1",
            "url",
            "https://harbour-gazette.example/a?b=1",
        ),
        ("/v1/articles/item-7", "id", "item-7"),
        ("/v1/articles/tag:x%2F7", "id", "tag:x/7"),
    ],
)
async def test_a_withdrawal_is_sent_for_the_own_source(server: Pushing, path: str, field: str, value: str) -> None:
    assert (await server.ask("DELETE", path))[0] == 202
    assert (await server.ask("DELETE", f"{path}?source=Harbour%20Weekly"))[0] == 202
    status, answer, _ = await server.ask("DELETE", f"{path}?source=Valley%20Post")
    assert (status, answer["errors"][0]["field"]) == (403, "source")
    first, second = map(read, server.sent)
    assert (first.action, getattr(first, field), first.source) == ("retract", value, "Harbour Gazette")
    assert second.source == "Harbour Weekly"


async def test_nobody_withdraws_in_another_name(server: Pushing) -> None:
    retraction = {"url": ARTICLE["url"], "action": "retract", "source": "Harbour Gazette"}
    assert (await server.ask("POST", json=retraction, key=OTHER_KEY))[0] == 403
    assert (await server.ask("POST", json=retraction))[0] == 202
