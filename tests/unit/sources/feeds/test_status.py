"""What `source status` and the metrics say of feeds that fail is true, and names no key of a URL."""

from pathlib import Path

import pytest

from pipeline.cli.app import run_command
from pipeline.errors import ConfigError
from pipeline.observability.feeds_table import FEEDS_METRICS
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.failing import FailingFeeds, FailingParams
from pipeline.sources.feeds.feed_list import ListedFeed
from pipeline.sources.feeds.status import read_status
from pipeline.sources.feeds.store import FeedStore

NOW = 1_772_600_000.0
HOUR = 3600.0
OTHER = "https://c.example/other"
URLS = ("https://a.example/feed?key=secret", "https://b.example/feed", "https://c.example/feed")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three feeds: one fails for two days, one has succeeded, one is retired."""
    store = FeedStore(tmp_path / "feeds.db")
    store.take_list([ListedFeed(url=url) for url in URLS], "missing", NOW, 0.0)
    first, second, third = (store.feed(number) for _, number in sorted(store.due()))
    store.fail(first, "timeout", NOW - 48 * HOUR, NOW + 60)
    store.succeed(second, [], [], now=NOW, next_poll=NOW + 120)
    store.fail(third, "gone", NOW, NOW, "gone")
    store.close()
    return tmp_path / "feeds.db"


def test_the_status_has_all_that_is_asked_about_a_feed(path: Path) -> None:
    found = read_status(path)
    first, *_ = found.feeds
    assert (first.source, first.url, first.error, first.failures) == (
        "a.example",
        "https://a.example/feed?…",
        "timeout",
        1,
    )
    assert first.failing_since == NOW - 48 * HOUR
    assert {feed.source: feed.retired for feed in found.feeds} == {
        "a.example": None,
        "b.example": None,
        "c.example": "gone",
    }
    assert next(feed for feed in found.feeds if feed.source == "b.example").last_success == NOW
    assert found.errors == {"gone": 1, "timeout": 1}
    with pytest.raises(ConfigError, match="no such file"):
        read_status(path.with_name("other.db"))


def test_the_command_prints_it_and_exits_with_1_for_a_failing_feed(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEWS_FEEDS__STATE_DIR", str(path.parent))
    assert run_command(["source", "status", "--failing"]) == 1
    printed = capsys.readouterr().out
    assert "timeout" in printed
    assert "retired" in printed
    assert "b.example" not in printed
    assert "secret" not in printed


def test_a_source_whose_feeds_are_all_retired_is_named_by_metric_and_command(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = FeedStore(path)
    metrics = SourceMetrics("feeds", FEEDS_METRICS)
    failing = FailingFeeds(store.database, metrics, lambda: NOW)

    def named() -> set[str]:
        failing.look()
        samples = [sample for family in metrics.registry.collect() for sample in family.samples]
        found = {sample.labels["name"] for sample in samples if sample.name == "news_retired_source_info"}
        assert found == set(read_status(path).retired_sources)
        return found

    assert named() == {"c.example"}
    store.take_list(
        [*(ListedFeed(url=url) for url in URLS), ListedFeed(url=OTHER, source="c.example")], "missing", NOW, 0.0
    )
    third, fourth = (store.feed(number) for _, number in store.due() if store.feed(number).source == "c.example")
    assert named() == set(), "a start asks a retired feed once more"
    store.fail(third, "gone", NOW, NOW, "gone")
    assert named() == set(), "another feed of the source is polled"
    store.succeed(fourth, [], [], now=NOW, next_poll=NOW, kind="page")
    assert named() == {"c.example"}, "a page has no items"
    store.close()
    monkeypatch.setenv("NEWS_FEEDS__STATE_DIR", str(path.parent))
    run_command(["source", "status"])
    assert "no feed is polled any more of c.example" in capsys.readouterr().out


def test_series_of_failing_feeds_come_and_go_and_are_bounded(path: Path) -> None:
    store = FeedStore(path)
    metrics = SourceMetrics("feeds", FEEDS_METRICS)
    failing = FailingFeeds(store.database, metrics, lambda: NOW, FailingParams(most=1))
    failing.look()
    labels = {"name": "a.example", "feed": "1"}
    value = metrics.registry.get_sample_value
    assert value("news_feed_failing_seconds", labels) == 48 * HOUR
    assert (value("news_failing_feeds"), value("news_retired_feeds")) == (1, 1)
    store.fail(store.feed(2), "dns", NOW - 72 * HOUR, NOW)
    failing.look()
    assert value("news_feed_failing_seconds", labels) is None, "one series, that of the longer failure"
    for number in (1, 2):
        store.succeed(store.feed(number), [], [], now=NOW, next_poll=NOW)
    failing.look()
    assert value("news_failing_feeds") == 0
    store.close()
