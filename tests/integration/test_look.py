"""What people see of running workers: `news-pipeline top`, the status page in a browser, traces at a receiver."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.harness.browser import Browser, Screen
from tests.harness.cluster import TestCluster
from tests.harness.otlp_receiver import OtlpReceiver
from tests.harness.scenario import ALL, RAW, article
from tests.harness.tools import program, run
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(240)]

TEXT = "The harbour town agreed to mend the bridge over the river before the first frost of the winter. " * 4
TITLE = "Bridge [b]mended[/b]"  # a terminal must not take it for markup
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01".encode()
SCREENS = {"desktop": Screen(1280), "phone": Screen(360), "dark": Screen(1280, dark=True)}


class Stand:
    """Two services on Apache Kafka, an article that is traced, a copy of it, and a record that is not valid."""

    def __init__(self, broker: Broker, stack: ExitStack) -> None:
        self.cluster = TestCluster(broker.bootstrap_servers, "look.")
        self.cluster.provision()
        self.receiver = stack.enter_context(OtlpReceiver())
        self.env = environment(
            broker.bootstrap_servers,
            "look.",
            NEWS_OTEL__ENDPOINT=self.receiver.address,
            NEWS_OTEL__METRICS_INTERVAL_SECS="1",
            NEWS_KAFKA__CLIENT_ID="client-of-look",
        )
        self.workers = [stack.enter_context(WorkerProcess(self.env, cut)) for cut in (ALL[:2], ALL[2:])]
        traced = (("traceparent", TRACEPARENT),)
        records = [article(f"https://site{n}.example/a", TITLE, TEXT) for n in range(2)]
        raw = [(key, value, traced) for key, value, _ in records]
        self.cluster.produce(RAW, [*raw, (b"broken", b"{", traced)])
        for worker in self.workers:
            worker.wait_ready()
        wait_until(lambda: len(self.cluster.read("news.articles.duplicates.v1")) == 1, seconds=600, what="the copy")
        wait_until(lambda: len(self.cluster.read("news.articles.enriched.v1")) == 1, seconds=600, what="the event")

    @property
    def addresses(self) -> list[str]:
        return [f"127.0.0.1:{worker.port}" for worker in self.workers]


@pytest.fixture(scope="module")
def stand(kafka_broker: Broker) -> Iterator[Stand]:
    with ExitStack() as stack:
        yield Stand(kafka_broker, stack)


def test_top_adds_up_all_workers_and_shows_headlines_on_demand(stand: Stand) -> None:
    command = [sys.executable, "-m", "pipeline", "top", *stand.addresses, "--interval", "0.5"]
    done = run([*command, "--json", "--headlines"], env=stand.env, seconds=100)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [member["problems"] for member in found["members"]] == [[], []]
    stages = {stage["stage"]: stage for stage in found["total"]["stages"]}
    assert list(stages) == list(ALL)
    assert [stages[name]["records"] for name in ALL] == [3, 2, 2, 2, 2]
    assert [row[2] for row in found["total"]["partitions"]] == [0] * 8  # lag of four partitions of each service
    assert [(part["name"], part["records"]) for part in found["total"]["dead_letters"]] == [("ingest: invalid_json", 1)]
    assert {part["name"]: part["records"] for part in found["total"]["verdicts"]} == {"unique": 1, "exact": 1}
    assert [part["name"] for part in found["total"]["languages"]] == ["en"]
    assert [row["headline"] for row in found["headlines"]] == [TITLE]
    shown = run(command, env=stand.env, seconds=100).stdout
    assert "2 of 2 workers answer" in shown
    assert "Bridge" not in shown


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser(program("chromium", "chromium")) as started:
        yield started


@pytest.mark.parametrize("name", SCREENS)
def test_the_status_page_in_a_browser(stand: Stand, browser: Browser, name: str) -> None:
    screen = SCREENS[name]
    for address, heading in zip(
        stand.addresses, ("ingest → dedupe", "detect-language → classify → publish"), strict=True
    ):
        browser.show(f"http://{address}/", screen)
        assert browser.complaints() == []
        assert browser.requested() == [f"http://{address}/"]
        assert browser.evaluate("document.documentElement.scrollWidth") <= screen.width
        assert browser.evaluate("document.querySelector('h1').textContent") == heading
        assert "look.news-" in browser.evaluate("document.body.innerText")
        background = browser.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(16, 21, 27)") == screen.dark, background  # so the style sheet is applied


def test_the_status_page_is_a_page_for_screen_readers_also_on_a_phone(stand: Stand, browser: Browser) -> None:
    browser.show(f"http://{stand.addresses[0]}/", SCREENS["phone"])
    nodes = browser.accessibility()
    by_role: dict[str, list[str]] = {}
    for node in nodes:
        by_role.setdefault(str(node["role"]["value"]), []).append(str(node.get("name", {}).get("value", "")))
    assert {"Stages", "Assignment and lag", "Dead letters", "Versions", "Settings"} <= set(by_role["heading"])
    assert {"ingest", "dedupe"} <= set(by_role["rowheader"])
    assert len(by_role["columnheader"]) >= 8  # the head of the table of stages is hidden from eyes only
    assert all(by_role["link"])


def _headers(record: Any) -> dict[str, bytes]:
    return dict(record.headers)


def test_the_trace_of_the_raw_record_is_on_every_topic(stand: Stand) -> None:
    topics = [f"news.articles.{name}.v1" for name in ("judged", "enriched", "duplicates")]
    for topic in (*topics, "news.dlq.ingest.v1"):
        records = stand.cluster.read(topic)
        assert records, topic
        assert {_headers(record)["traceparent"] for record in records} == {TRACEPARENT}, topic


def test_every_service_has_spans_in_the_trace_of_the_article(stand: Stand) -> None:
    receiver = stand.receiver
    first, second = stand.cluster.name(RAW), stand.cluster.name("news.articles.judged.v1")

    def traced(topic: str) -> list[Any]:
        return [span for span in receiver.named(f"process {topic}") if span.trace_id.hex() == TRACE]

    wait_until(lambda: len(traced(first)) == 3 and len(traced(second)) == 2, seconds=60, what="spans of all articles")
    units = [span for span in receiver.named(f"process {first}") if span.trace_id.hex() != TRACE]
    assert units
    assert {link.trace_id.hex() for unit in units for link in unit.links} == {TRACE}
    below = [span for span in receiver.spans if span.parent_span_id == units[0].span_id]
    assert {span.name for span in below} == {"ingest", "dedupe", "commit"}
    wait_until(lambda: "news_records_consumed_total" in receiver.metrics, seconds=60, what="metrics by OTLP")
    assert {"look.news-ingest", "look.news-detect-language"} <= {
        found["messaging.consumer.group.name"] for found in receiver.resources
    }
