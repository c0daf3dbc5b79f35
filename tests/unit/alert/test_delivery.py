"""A sink gets notifications in order; what fails is tried again, and given up in the end; nobody waits for another."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from ipaddress import ip_network
from pathlib import Path

import orjson
import pytest

from pipeline.alert.compiled import compiled
from pipeline.alert.delivery import Delivery, Failed, Refused
from pipeline.alert.dispatch import Dispatch
from pipeline.alert.matcher import Matcher
from pipeline.alert.outbox import Outbox, Waiting
from pipeline.alert.params import DeliveryParams
from pipeline.alert.query_file import Loaded, Webhook
from pipeline.alert.saved_query import SavedQuery
from pipeline.alert.state import AlertState
from pipeline.alert.stdout_sink import StdoutSink
from pipeline.alert.webhook import WebhookSink, signed_headers
from pipeline.errors import FatalError
from pipeline.fetching.addresses import AddressRules
from pipeline.fetching.answer import Answer
from pipeline.fetching.client import GuardedHttp
from pipeline.fetching.errors import FetchFailed
from pipeline.observability.downstream_metrics import DownstreamMetrics
from tests.harness.alert_records import ENRICHED, KEY, event, value_of
from tests.harness.webhook_stub import WebhookStub

QUICK = DeliveryParams(poll_secs=0.01, first_pause_secs=0.01, max_pause_secs=0.02, refusals=3, measure_secs=0.01)
HOOK = Webhook(name="desk", url="https://hooks.example/desk", key=KEY)


class Recorder:
    """A sink that fails as it is told."""

    def __init__(self, name: str = "webhook:desk", fails: Callable[[str, int], Exception | None] | None = None) -> None:
        self.name = name
        self.at_once = 1
        self.got: list[str] = []
        self.attempts: dict[str, int] = {}
        self._fails = fails or (lambda _name, _attempt: None)

    async def send(self, notifications: Sequence[Waiting]) -> None:
        for one in notifications:
            article = orjson.loads(one.value)["article"]["id"]
            self.attempts[article] = self.attempts.get(article, 0) + 1
            error = self._fails(article, self.attempts[article])
            if error is not None:
                raise error
            self.got.append(article)

    async def close(self) -> None:
        pass


def _state(directory: Path, articles: str, sinks: Sequence[str] = ("webhook:desk",)) -> AlertState:
    query = compiled(SavedQuery(id="ferries", words="ferry", sinks=tuple(sinks)))
    state = AlertState(
        directory, Matcher([query]), DownstreamMetrics(), remember_days=30, max_documents=10, clock=lambda: 1.0
    )
    state.restore({})
    state.apply([event(value_of(name, "A ferry")) for name in articles])
    state.store({(ENRICHED, 0): len(articles)}, caught_up=True)
    return state


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  what is waited for tells nobody
            await asyncio.sleep(0.005)


def _run(directory: Path, sink: Recorder, give_up_secs: float, count: int) -> DownstreamMetrics:
    """Deliver until the outbox is empty and all its notifications are counted, which happens after that."""
    metrics = DownstreamMetrics()
    outbox = Outbox(directory, clock=lambda: 100.0)

    async def deliver() -> None:
        task = asyncio.create_task(Delivery(sink, outbox, metrics, give_up_secs, QUICK).run())
        await _until(lambda: not outbox.counts() and _ended(metrics) == count)
        task.cancel()
        await asyncio.wait({task})

    asyncio.run(deliver())
    outbox.close()
    return metrics


def _ended(metrics: DownstreamMetrics) -> float:
    sink = "webhook:desk"
    dead = [_value(metrics, "alert_dead_letters_total", sink=sink, reason=reason) for reason in ("failed", "refused")]
    return _value(metrics, "alert_deliveries_total", sink=sink, result="delivered") + sum(dead)


def _value(metrics: DownstreamMetrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"news_{name}", labels) or 0.0


def test_what_failed_is_tried_again_before_the_next(tmp_path: Path) -> None:
    state = _state(tmp_path, "abc")
    sink = Recorder(fails=lambda name, attempt: Failed("status 503") if name == "b" and attempt < 4 else None)
    metrics = _run(tmp_path, sink, 3600.0, 3)
    assert sink.got == ["a", "b", "c"]
    assert _value(metrics, "alert_deliveries_total", sink="webhook:desk", result="failed") == 3
    assert _value(metrics, "alert_deliveries_total", sink="webhook:desk", result="delivered") == 3
    state.close()


def test_what_failed_for_too_long_becomes_a_dead_letter(tmp_path: Path) -> None:
    state = _state(tmp_path, "ab")  # at 1 s; the outbox sees 100 s
    sink = Recorder(fails=lambda name, _: Failed("timeout") if name == "a" else None)
    metrics = _run(tmp_path, sink, 50.0, 2)
    assert (sink.got, sink.attempts["a"]) == (["b"], 1)
    outbox = Outbox(tmp_path)
    assert outbox.dead_letters() == {"webhook:desk": 1}
    assert _value(metrics, "alert_dead_letters_total", sink="webhook:desk", reason="failed") == 1
    outbox.close()
    state.close()


def test_what_is_refused_again_and_again_becomes_a_dead_letter(tmp_path: Path) -> None:
    state = _state(tmp_path, "abc")
    sink = Recorder(fails=lambda name, _: Refused("status 400") if name == "b" else None)
    metrics = _run(tmp_path, sink, 3600.0, 3)
    assert (sink.got, sink.attempts["b"]) == (["a", "c"], QUICK.refusals)
    assert _value(metrics, "alert_dead_letters_total", sink="webhook:desk", reason="refused") == 1
    state.close()


def test_lines_are_printed_in_order() -> None:
    out = StringIO()
    asyncio.run(StdoutSink(out).send([Waiting(1, "a", "q", 0, '{"id":"a"}'), Waiting(2, "b", "q", 0, '{"id":"b"}')]))
    assert out.getvalue() == '{"id":"a"}\n{"id":"b"}\n'


def test_pauses_grow_and_obey_the_receiver() -> None:
    delivery = Delivery(Recorder(), Outbox.__new__(Outbox), DownstreamMetrics(), 1.0, DeliveryParams(jitter=0.0))
    assert [delivery._pause(Failed("x")) for _ in range(10)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    fresh = Delivery(Recorder(), Outbox.__new__(Outbox), DownstreamMetrics(), 1.0, DeliveryParams(jitter=0.0))
    assert fresh._pause(Failed("x", wait_secs=40.0)) == 40
    assert fresh._pause(Failed("x", wait_secs=1e9)) == 300


def test_a_signature_is_that_of_standard_webhooks() -> None:
    # A known answer, computed with openssl from the key, id, time and body.
    headers = signed_headers(KEY, "msg_1", 1_700_000_000, b'{"a":1}')
    assert headers["webhook-id"] == "msg_1"
    assert headers["webhook-timestamp"] == "1700000000"
    assert headers["webhook-signature"] == "v1,AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVj4="


class Answering:
    """A client whose answers are given."""

    def __init__(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.headers = status, headers or {}

    async def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        assert (body, headers is not None) == (b"{}", True)
        if not self.status:
            raise FetchFailed("timeout", "no answer in time")
        return Answer(url=url, permanent_url=url, status=self.status, headers=self.headers, body=b"")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, None), (204, None), (301, Refused), (302, Refused), (400, Refused), (404, Refused), (410, Refused),
        (408, Failed), (409, Failed), (425, Failed), (429, Failed), (500, Failed), (503, Failed), (0, Failed),
    ],
)  # fmt: skip
def test_a_status_decides_what_becomes_of_a_notification(status: int, error: type[Failed] | None) -> None:
    sink = WebhookSink(HOOK, Answering(status))
    sending = sink.send([Waiting(1, "id", "q", 0, "{}")])
    if error is None:
        asyncio.run(sending)
        return
    with pytest.raises(Failed) as failed:
        asyncio.run(sending)
    assert type(failed.value) is error


@pytest.mark.parametrize(("text", "secs"), [("30", 30), ("", 0), ("soon", 0), ("9" * 50, 999_999), ("-1", 0), ("٣", 0)])
def test_a_receiver_says_how_long_to_wait(text: str, secs: float) -> None:
    sink = WebhookSink(HOOK, Answering(503, {"retry-after": text}))
    with pytest.raises(Failed) as failed:
        asyncio.run(sink.send([Waiting(1, "id", "q", 0, "{}")]))
    assert failed.value.wait_secs == secs


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://169.254.169.254/", "http://[::1]/", "http://10.0.0.1/"])
def test_a_webhook_on_a_private_address_is_refused(url: str) -> None:
    async def send() -> None:
        async with GuardedHttp(AddressRules(ports=frozenset({80, 9}))) as http:
            await WebhookSink(Webhook(name="desk", url=url, key=KEY), http).send([Waiting(1, "id", "q", 0, "{}")])

    with pytest.raises(Refused, match="address"):
        asyncio.run(send())


def test_neither_address_nor_key_of_a_webhook_is_shown() -> None:
    assert repr(HOOK) == "Webhook('desk')"


def test_a_slow_webhook_holds_up_nobody_else_and_signatures_are_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.alert.dispatch.DELIVERY", QUICK)
    state = _state(tmp_path, "abcd", ["webhook:slow", "webhook:quick", "webhook:failing"])
    outbox, metrics = Outbox(tmp_path, clock=lambda: 1.0), DownstreamMetrics()
    with (
        WebhookStub(KEY, delay_secs=2.0) as slow,
        WebhookStub(KEY) as quick,
        WebhookStub(KEY, answer=lambda _: 500) as failing,
    ):
        hooks = tuple(
            Webhook(name=name, url=stub.url, key=KEY)
            for name, stub in (("slow", slow), ("quick", quick), ("failing", failing))
        )
        rules = AddressRules(
            ports=frozenset({slow.port, quick.port, failing.port}), own_networks=(ip_network("127.0.0.0/8"),)
        )

        async def deliver() -> None:
            async with GuardedHttp(rules) as http:
                dispatch = Dispatch(state, outbox, metrics, 3600.0, [], lambda hook: WebhookSink(hook, http))
                task = asyncio.create_task(dispatch.run(Loaded(state.matcher.queries, hooks)))
                await _until(lambda: len(quick.taken) == 4 and failing.requests >= 1)
                task.cancel()
                await asyncio.wait({task})

        asyncio.run(deliver())
        assert [value["article"]["id"] for value in quick.taken] == list("abcd")
        assert len(slow.taken) < 4
        assert failing.taken == []
        assert (quick.bad_signatures, failing.bad_signatures) == (0, 0)
        assert outbox.counts().get("webhook:failing") == 4
    outbox.close()
    state.close()


def test_an_error_of_a_sink_that_nobody_foresaw_ends_the_service(tmp_path: Path) -> None:
    state = _state(tmp_path, "a", ["stdout"])
    outbox = Outbox(tmp_path)
    sink = Recorder("stdout", fails=lambda _name, _attempt: FatalError("fenced"))
    dispatch = Dispatch(state, outbox, DownstreamMetrics(), 1.0, [sink], lambda _: sink)
    with pytest.raises(FatalError, match="fenced"):
        asyncio.run(asyncio.wait_for(dispatch.run(Loaded(state.matcher.queries, ())), 20))
    outbox.close()
    state.close()


def test_a_webhook_that_is_gone_keeps_what_waits(tmp_path: Path) -> None:
    state = _state(tmp_path, "a")
    outbox, metrics = Outbox(tmp_path, clock=lambda: 1.0), DownstreamMetrics()
    sinks: list[Recorder] = []

    def made(hook: Webhook) -> Recorder:
        sinks.append(Recorder(fails=lambda *_: None if hook.url.endswith("new") else Failed("status 500")))
        return sinks[-1]

    async def deliver() -> None:
        dispatch = Dispatch(state, outbox, metrics, 3600.0, [], made)
        queries = state.matcher.queries
        task = asyncio.create_task(dispatch.run(Loaded(queries, (HOOK,))))
        await _until(lambda: bool(sinks and sinks[0].attempts))
        dispatch.use(Loaded(queries, ()))
        assert outbox.counts() == {"webhook:desk": 1}
        dispatch.use(Loaded(queries, (Webhook(name="desk", url="https://hooks.example/new", key=KEY),)))
        await _until(lambda: not outbox.counts())
        task.cancel()
        await asyncio.wait({task})

    asyncio.run(deliver())
    assert sinks[1].got == ["a"]
    outbox.close()
    state.close()
