"""What the monitor follows: a bounded number of sources, all languages; and what it exports and keeps of them."""

import threading
from pathlib import Path

import msgspec
import orjson
import pytest
from prometheus_client import CollectorRegistry

from pipeline.domain.record import Record
from pipeline.errors import ConfigError
from pipeline.monitor.collector import MonitorCollector
from pipeline.monitor.flow import Flow, FlowState, Seen
from pipeline.monitor.flow_reader import SavedFlow, load_state, save_state, seen_in
from pipeline.monitor.rhythm import HOUR_MS, RhythmParams
from pipeline.ops.lag import PartitionLag
from pipeline.ops.status import GroupStatus, LogStatus, Member, PipelineStatus, Unread

PARAMS = RhythmParams(known_hours=1.0)
START = 400_000 * HOUR_MS
MINUTE = 60_000


def seen(source: str, minute: float, *, kind: str = "unique", quality: float = 0.9, language: str = "en") -> Seen:
    held_back = kind in ("exact", "near", "repeat")
    return Seen(source, language, kind, held_back, quality, START + int(minute * MINUTE))


def registry_of(flow: Flow, status: PipelineStatus | None = None) -> CollectorRegistry:
    collector = MonitorCollector(flow, threading.Lock(), 30.0)
    collector.status = status
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


def silence(registry: CollectorRegistry, dimension: str, name: str) -> float | None:
    return registry.get_sample_value("news_flow_silence_ratio", {"dimension": dimension, "name": name})


def test_one_source_and_a_small_language_fall_silent_among_others() -> None:
    flow = Flow(PARAMS, sources=10)
    for minute in range(240):
        flow.add(seen("a", minute))
        if minute < 180:
            flow.add(seen("b", minute, language="sw-KE"))
    registry = registry_of(flow)
    assert (silence(registry, "source", "b") or 0) > 1 > (silence(registry, "source", "a") or 0)
    assert (silence(registry, "language", "sw") or 0) > 1 > (silence(registry, "language", "en") or 0)
    assert registry.get_sample_value("news_flow_silent_names", {"dimension": "source"}) == 1
    assert flow.silent("source") == ["b"]


def test_nobody_is_silent_while_nothing_at_all_arrives() -> None:
    flow = Flow(PARAMS, sources=10)
    for minute in range(180):
        flow.add(seen("a", minute))
        flow.add(seen("b", minute))
    # Hours pass, the pipeline stands still; then its backlog comes out in order.
    assert flow.silent("source") == []
    for minute in range(180, 600):
        flow.add(seen("a", minute))
        flow.add(seen("b", minute))
        assert flow.silent("source") == []


def test_a_fetcher_that_brings_the_same_pages_again_is_silent() -> None:
    flow = Flow(PARAMS, sources=10)
    for minute in range(240):
        flow.add(seen("a", minute))
        flow.add(seen("b", minute, kind="unique" if minute < 180 else "repeat"))
    assert flow.silent("source") == ["b"]


def test_a_flood_of_new_names_costs_no_known_source_its_series() -> None:
    flow = Flow(PARAMS, sources=2)
    for minute in range(60):
        flow.add(seen("a", minute))
        flow.add(seen("b", minute))
    for number in range(500):
        flow.add(seen(f"n{number}", 60 + number / 100))
    flow.tidy()
    assert flow.state.shown == ["a", "b"]
    assert len(flow.state.names["source"]) <= 20
    registry = registry_of(flow)
    counted = {
        name: registry.get_sample_value("news_flow_articles_total", {"dimension": "source", "name": name})
        for name in ("a", "b", "other")
    }
    assert counted == {"a": 60, "b": 60, "other": 500}
    assert registry.get_sample_value("news_flow_articles_total", {"dimension": "all", "name": "all"}) == 620


def test_a_grown_source_takes_the_place_of_a_small_one_and_its_counter_begins_there() -> None:
    flow = Flow(PARAMS, sources=1)
    for minute in range(10):
        flow.add(seen("small", minute))
    for minute in range(10, 35):
        flow.add(seen("grown", minute))
    flow.tidy()
    assert flow.state.shown == ["grown"]
    flow.add(seen("grown", 36))
    assert flow.state.counts["source"] == {"other": 25, "grown": 1}


def test_quality_and_duplicates_are_compared_with_the_usual() -> None:
    flow = Flow(PARAMS, sources=10)
    for minute in range(300):
        flow.add(seen("a", minute, kind="near" if minute % 5 == 0 else "unique"))
    for minute in range(300, 360):
        flow.add(seen("a", minute, kind="near", quality=0.3))
    registry = registry_of(flow)

    def value(metric: str, span: str) -> float:
        labels = {"dimension": "source", "name": "a", "span": span}
        return registry.get_sample_value(f"news_flow_{metric}_ratio", labels) or 0.0

    assert value("quality", "usual") - value("quality", "recent") > 0.15
    assert value("duplicates", "recent") - value("duplicates", "usual") > 0.3


def test_nothing_is_exported_of_groups_while_the_brokers_do_not_answer() -> None:
    lag = PartitionLag(start=20, committed=10, stable=25, end=30)
    status = PipelineStatus(
        at_ms=START,
        groups=(
            GroupStatus(
                group="g",
                stage="classify",
                state="Empty",
                members=(Member("c", "h", 0),),
                unread=(Unread("t", 0, lag, START - 60_000, 90_000), Unread("t", 1, lag)),
            ),
        ),
        logs=(LogStatus("log", 2, 12, START - 5000, START), LogStatus("empty", 0, 0, None, None)),
        fold_version=2,
    )
    flow = Flow(PARAMS, sources=1)
    registry = registry_of(flow, status)
    place = {"group": "g", "topic": "t", "partition": "0"}
    value = registry.get_sample_value
    assert value("news_group_members", {"group": "g"}) == 1
    assert value("news_group_lag_records", place) == 10
    assert value("news_group_undecided_records", place) == 5
    assert value("news_group_expired_records", place) == 10
    assert value("news_group_oldest_unread_timestamp_seconds", place) == START / 1000 - 60
    assert value("news_group_retention_left_seconds", place) == 30
    assert value("news_group_retention_left_seconds", {**place, "partition": "1"}) is None
    assert value("news_dedup_log_records", {"topic": "log"}) == 10
    assert value("news_dedup_log_last_timestamp_seconds", {"topic": "empty"}) is None
    assert value("news_dedup_fold_version_info", {"version": "2"}) == 1
    assert registry_of(flow).get_sample_value("news_group_lag_records", place) is None
    assert registry_of(flow).get_sample_value("news_kafka_connected") == 1


def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    flow = Flow(PARAMS, sources=10)
    for minute in range(100):
        flow.add(seen("a", minute))
    path = tmp_path / "state"
    assert load_state(path) is None
    save_state(path, SavedFlow(state=flow.state, offsets={"t:0": 7}))
    found = load_state(path)
    assert found is not None
    assert found.offsets == {"t:0": 7}
    assert msgspec.msgpack.encode(found.state) == msgspec.msgpack.encode(flow.state)
    assert [one.name for one in tmp_path.iterdir()] == ["state"]
    path.write_bytes(b"\xc1 no state")
    with pytest.raises(ConfigError, match="NEWS_MONITOR__STATE_FILE"):
        load_state(path)
    assert FlowState().names.keys() == {"source", "language", "all"}


def test_what_is_read_of_an_event() -> None:
    value = {
        "ingested_at": "2026-11-20T10:00:00.000Z",
        "publisher": {"id": "a.example", "name": "A"},
        "language": {"tag": "pt-BR", "confidence": 1},
        "dedup": {"kind": "near", "score": 0.9},
        "quality": {"score": 0.7},
        "body": "x",
    }

    def read(value: object, topic: str = "enriched") -> Seen | None:
        return seen_in(Record(topic, 0, 0, 0, None, orjson.dumps(value)), "duplicates")

    assert read(value) == Seen("a.example", "pt-BR", "near", held_back=True, quality=0.7, arrived_ms=1_795_168_800_000)
    plain = {**value, "dedup": {"kind": "stale"}, "publisher": None, "language": None}
    found, other = read(plain), read(plain, "duplicates")
    assert found is not None
    assert other is not None
    assert (found.source, found.language, found.held_back, other.held_back) == ("unknown", None, False, True)
    assert read({"a": 1}) is None
    assert read({**value, "ingested_at": "never"}) is None
    assert seen_in(Record("enriched", 0, 0, 0, None, None), "duplicates") is None
