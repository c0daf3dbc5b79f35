import io
import json
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from pipeline.demo.results import RecordResults, result_topics
from pipeline.demo.screen import Screen, funnel_total
from pipeline.wire.catalogue import load_catalogue


def event(offset: int, **value: Any) -> Any:
    whole = {"provenance": {"partition": 1, "offset": offset}, "dedup": {"kind": "unique"}, **value}
    return SimpleNamespace(value=json.dumps(whole).encode(), headers=[("ce_id", b"x")])


def dead_letter(offset: int, reason: str) -> Any:
    headers = {
        "__connect.errors.partition": "1",
        "__connect.errors.offset": str(offset),
        "__connect.errors.exception.message": "cut off",
        "news.dlq.reason": reason,
    }
    return SimpleNamespace(value=b"{", headers=[(name, text.encode()) for name, text in headers.items()])


def test_every_kind_of_end_is_counted() -> None:
    results = RecordResults()
    ends = [
        event(
            0,
            action="add",
            revision=1,
            headline="A",
            language={"tag": "en"},
            subjects=[
                {"name": "sport", "reliable": True},
                {"name": "health", "reliable": False},
                {"name": "competition discipline", "reliable": True, "parent": "medtop:15000000"},
            ],
        ),
        event(1, action="replace", revision=2, headline="B", change_labels=["cosmetic"]),
        event(2, action="delete", revision=2, url="https://a.example/", dedup={"kind": "retraction"}),
        event(3, headline="C", dedup={"kind": "near"}),
        dead_letter(4, "invalid_json"),
    ]
    shown = [results.add(end) for end in ends]
    assert [(result.kind, result.why) for result in shown if result is not None] == [
        ("enriched", "unique"),
        ("revised", "revision 2, cosmetic"),
        ("retracted", "revision 2, retraction"),
        ("duplicate", "near"),
        ("dead letter", "invalid_json"),
    ]
    assert shown[0] is not None
    assert (shown[0].language, shown[0].subjects, shown[0].headline) == ("en", "sport, health?", "A")
    assert results.subjects == (1, 2)
    funnel = results.funnel()
    assert funnel == {
        "enriched": 1,
        "revised": 1,
        "retracted": 1,
        "duplicates": {"near": 1},
        "dead_letters": {"invalid_json": 1},
    }
    assert funnel_total(funnel) == len(results) == 5


def test_a_repeated_delivery_counts_once() -> None:
    results = RecordResults()
    assert results.add(event(0, action="add", revision=1)) is not None
    assert results.add(event(0, action="add", revision=1)) is None
    assert results.add(dead_letter(0, "unexpected")) is None
    assert len(results) == funnel_total(results.funnel()) == 1


def test_all_ends_are_looked_at() -> None:
    catalogue = load_catalogue("p.")
    topics = result_topics(catalogue)
    assert topics[:2] == ["p.news.articles.enriched.v1", "p.news.articles.duplicates.v1"]
    dead = {spec.name for spec in catalogue.topics if spec.kind == "dead_letter"}
    assert {f"p.news.dlq.{stage}.v1" for stage in ("ingest", "dedupe", "publish")} <= set(topics[2:]) <= dead


def test_rows_show_headlines_as_they_are() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    result = RecordResults().add(event(0, action="add", revision=1, headline="[bold]Rates\nrise[/bold]"))
    assert result is not None
    screen = Screen(console)
    screen.rows([result])
    screen.rows([])
    screen.rows([result])
    screen.funnel(2, {"enriched": 1, "duplicates": {"near": 1}, "dead_letters": {}})
    text = console.export_text()
    assert text.count("[bold]Rates rise[/bold]") == 2
    assert text.count("headline") == 1
    assert "1 near" in text
    assert "2  total" in text
