"""A changed file of queries is used; one that is not valid changes nothing and is told."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.alert.query_file import Loaded
from pipeline.alert.query_watch import QueryWatch
from pipeline.observability.downstream_metrics import DownstreamMetrics
from tests.harness.alert_records import query_file


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  what is waited for tells nobody
            await asyncio.sleep(0.005)


def _query(words: str) -> dict[str, str]:
    return {"id": "q", "words": words}


async def test_a_changed_file_is_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = DownstreamMetrics()
    path = query_file(tmp_path, [_query("ferry")])
    used: list[Loaded] = []
    watch = asyncio.create_task(QueryWatch(path, 0.01, used.append, metrics).run())

    def outdated() -> float | None:
        return metrics.registry.get_sample_value("news_alert_queries_outdated")

    query_file(tmp_path, [_query("ferry and secret"), _query("tram")])  # one id twice
    await _until(lambda: outdated() == 1)
    assert used == []
    assert "secret" not in capsys.readouterr().out
    query_file(tmp_path, [_query("trams")])
    await _until(lambda: outdated() == 0)
    assert [query.saved.words for query in used[0].queries] == ["trams"]
    path.unlink()
    await _until(lambda: outdated() == 1)
    watch.cancel()


async def test_a_signal_has_it_read_at_once(tmp_path: Path) -> None:
    path = query_file(tmp_path, [_query("ferry")])
    used: list[Loaded] = []
    watch = QueryWatch(path, 3600.0, used.append, DownstreamMetrics())
    task = asyncio.create_task(watch.run())
    await asyncio.sleep(0)  # it has set its handler
    os.kill(os.getpid(), signal.SIGHUP)
    await _until(lambda: bool(used))
    task.cancel()
