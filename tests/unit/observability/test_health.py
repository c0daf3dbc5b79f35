"""The health server: its four paths, also while the event loop is blocked."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.observability.contact import Contact
from pipeline.observability.health import HealthServer, Question
from pipeline.observability.metrics import Metrics
from pipeline.observability.progress import Progress
from pipeline.observability.status_page import StatusPage
from pipeline.settings import Settings, WatchdogSettings, WebSettings

LIMITS = WatchdogSettings(stall_secs=100, loop_stall_secs=30, rebalance_stall_secs=200)

NOTHING = Question("", "")


class Worker:
    """A health server for a worker with a clock that the test sets."""

    def __init__(self, *, with_page: bool = False) -> None:
        self.now = 0.0
        self.progress = Progress(needs_fold=False, clock=lambda: self.now)
        self.metrics = Metrics()
        registry = self.metrics.registry
        page = StatusPage(Settings(), ("ingest",), "news-ingest", self.progress, registry) if with_page else None
        self.server = HealthServer(WebSettings(port=0), LIMITS, self.progress, registry, page=page)
        self.server.start()

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.headers), body

    def problems(self, path: str) -> tuple[int, list[str]]:
        status, _, body = self.ask(path)
        answer: dict[str, Any] = json.loads(body)
        assert (answer["status"] == "ok") == (status == 200)
        return status, answer["problems"]


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.server.stop()


def test_a_starting_worker_is_alive_and_not_ready(worker: Worker) -> None:
    assert worker.problems("/livez") == (200, [])
    assert worker.problems("/readyz") == (503, ["state_starting", "no_assignment_yet"])
    assert worker.problems("/startupz") == (503, ["state_starting", "no_assignment_yet"])


def test_a_running_worker_is_alive_ready_and_started(worker: Worker) -> None:
    worker.progress.state("running")
    worker.progress.rebalance_ended(2)
    assert [worker.problems(path)[0] for path in ("/livez", "/readyz", "/startupz")] == [200, 200, 200]


def test_a_worker_with_lag_and_no_progress_is_neither_alive_nor_ready(worker: Worker) -> None:
    worker.progress.state("running")
    worker.progress.rebalance_ended(2)
    worker.progress.lag(5)
    worker.now = 101
    worker.progress.tick()
    assert worker.problems("/livez") == (503, ["no_progress"])
    assert worker.problems("/readyz") == (503, ["no_progress"])
    assert worker.problems("/startupz") == (200, [])


def test_a_blocked_event_loop_is_reported(worker: Worker) -> None:
    worker.now = 31  # without a tick; the server answers from its own thread
    assert worker.problems("/livez") == (503, ["event_loop_stalled"])


def test_metrics_are_served_in_the_format_asked_for(worker: Worker) -> None:
    worker.metrics.misrouted(3)
    status, headers, body = worker.ask("/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=")
    assert "news_misrouted_total 3.0" in body
    _, headers, body = worker.ask("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert body.endswith("# EOF\n")


@pytest.mark.parametrize("path", ["/", "/table", "/index.html", "/router", "/livez/", "/..%2fetc/passwd", "/metrics/x"])
def test_other_paths_are_not_found(worker: Worker, path: str) -> None:
    assert worker.ask(path)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_rejected(worker: Worker, method: str) -> None:
    assert worker.ask("/livez", method)[0] == 501


def test_queries_are_ignored_and_head_has_no_body(worker: Worker) -> None:
    assert worker.ask("/livez?verbose")[0] == 200
    status, headers, body = worker.ask("/livez", "HEAD")
    assert (status, body) == (200, "")
    assert int(headers["Content-Length"]) > 0


def test_the_server_header_has_no_versions(worker: Worker) -> None:
    assert worker.ask("/livez")[1]["Server"] == "news-pipeline"


def test_a_port_in_use_is_a_configuration_error(worker: Worker) -> None:
    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{worker.server.port}"):
        HealthServer(WebSettings(port=worker.server.port), LIMITS, worker.progress, worker.metrics.registry)


def test_the_port_is_free_after_stop() -> None:
    first = Worker()
    first.server.stop()
    again = HealthServer(WebSettings(port=first.server.port), LIMITS, first.progress, first.metrics.registry)
    again.stop()  # it was never started, so there is no thread to wait for


@pytest.fixture
def page() -> Iterator[Worker]:
    worker = Worker(with_page=True)
    yield worker
    worker.server.stop()


def test_the_status_page_is_served_with_its_policy(page: Worker) -> None:
    status, headers, body = page.ask("/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert body.startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("query", "refreshes"),
    [
        ("refresh=10", True),
        ("refresh=1", False),
        ("refresh=99999", False),
        ("refresh=-5", False),
        ("refresh=%3Cb", False),
    ],
)
def test_the_page_refreshes_at_intervals_that_it_offers(page: Worker, query: str, *, refreshes: bool) -> None:
    status, _, body = page.ask(f"/?{query}")
    assert status == 200
    assert ('http-equiv="refresh"' in body) == refreshes


def test_nothing_is_sniffed(worker: Worker) -> None:
    assert worker.ask("/metrics")[1]["X-Content-Type-Options"] == "nosniff"


def test_a_worker_whose_brokers_are_silent_is_alive_but_not_ready() -> None:
    now = [0.0]
    progress = Progress(needs_fold=False, clock=lambda: now[0])
    metrics = Metrics()
    contact = Contact(15.0, metrics.request_failed, clock=lambda: now[0])
    metrics.watch_contact(contact)
    server = HealthServer(WebSettings(port=0), LIMITS, progress, metrics.registry, contact)
    progress.state("running")
    progress.rebalance_ended(2)

    def seen() -> tuple[bool, float | None, float | None]:
        value = metrics.registry.get_sample_value
        ready = server._ready(NOTHING).code == 200
        return ready, value("news_kafka_connected"), value("news_kafka_last_answer_age_seconds")

    try:
        assert seen() == (True, 1.0, 0.0)
        now[0] = 16.0
        progress.tick()
        contact.failed("not_ready")
        assert seen() == (False, 0.0, 16.0)
        assert b"kafka_unreachable" in server._ready(NOTHING).body
        assert server._live(NOTHING).code == 200
        assert metrics.registry.get_sample_value("news_kafka_request_errors_total", {"kind": "not_ready"}) == 1
        contact.answered()
        assert seen() == (True, 1.0, 0.0)
    finally:
        server.stop()
