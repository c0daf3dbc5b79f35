"""Hubs that push: subscribed to, believed only with a signature, never a second way to send an item twice."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest

from pipeline.fetching.addresses import AddressRules
from pipeline.fetching.client import GuardedHttp
from pipeline.settings import WebSubSettings
from pipeline.sources.feeds.items import Parsed
from pipeline.sources.feeds.status import read_status
from pipeline.sources.feeds.websub.links import offered
from pipeline.sources.feeds.websub.params import WebSubParams
from pipeline.sources.feeds.websub.service import WebSub
from pipeline.sources.feeds.websub.signature import is_signed
from pipeline.sources.feeds.websub.subscriptions import Subscriptions
from tests.harness.feed_world import DAY, FEED, OTHER, RHYTHM, World, item, titles
from tests.harness.news_site import rss
from tests.harness.websub_hub import WebSubHub

PARAMS = WebSubParams(look_secs=0.02, max_body_bytes=64 * 1024)
LEASE = 10 * DAY


def links(hub: str, topic: str = FEED) -> str:
    return (
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{hub}"/>'
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="{topic}"/>'
    )


class Pushed:
    """A world whose feed has a hub."""

    def __init__(self, path: Path, hub: WebSubHub) -> None:
        self.hub = hub
        self.world = World(path, hubs=(hub.address,), pause=0.0)
        self.stop = asyncio.Event()

    async def run(self, stack: AsyncExitStack) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        rules = AddressRules(ports=frozenset({self.hub.port}), own_networks=(ip_network("127.0.0.0/8"),))
        http = await stack.enter_async_context(GuardedHttp(rules))
        settings = WebSubSettings(hubs=(self.hub.address,), callback_url=f"http://127.0.0.1:{port}/hubs/", port=port)
        world = self.world
        self.websub = websub = WebSub.made(
            settings, world.subscriptions, world.tools, RHYTHM, http, world.hosts, PARAMS
        )
        tasks = [asyncio.create_task(one(self.stop)) for one in (world.hosts.run, websub.run)]
        stack.push_async_callback(self._end, tasks)

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        self.stop.set()
        await asyncio.gather(*tasks)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110  # what is waited for is in another thread or in a file
                await asyncio.sleep(0.005)

    def body(self, *items: str, hub: str | None = None, topic: str = FEED) -> str:
        return rss(links(hub or f"{self.hub.address}/", topic), *items)

    async def asked(self, count: int = 1) -> dict[str, str]:
        """Return what the hub was asked, when it was asked so often and knows that it was answered."""
        await self.until(lambda: len(self.hub.asked) >= count)
        await self.until(lambda: self.counted("requests", "accepted") + self.counted("requests", "failed") >= count)
        return self.hub.asked[-1]

    async def subscribed(self) -> dict[str, str]:
        """Poll a feed that has a hub, and have the hub confirm the subscription."""
        self.world.put(FEED, self.body(item(1)))
        await self.world.poll()
        asked = await self.asked()
        assert (await self.hub.verify(asked)).status == 200
        self.world.sent()
        return asked

    def counted(self, name: str, result: str) -> float:
        value = self.world.metrics.registry.get_sample_value(f"news_websub_{name}_total", {"result": result})
        return value or 0.0

    def gauge(self) -> float | None:
        return self.world.metrics.registry.get_sample_value("news_pushed_feeds")

    def column(self, name: str) -> float:
        return float(self.world.store.database.one(f"SELECT {name} FROM subscriptions")[0])  # noqa: S608


@pytest.fixture
async def pushed(tmp_path: Path) -> AsyncIterator[Pushed]:
    with WebSubHub() as hub:
        async with AsyncExitStack() as stack:
            found = Pushed(tmp_path / "feeds.db", hub)
            stack.callback(found.world.store.close)
            found.world.take(FEED, OTHER)
            await found.run(stack)
            yield found


async def test_from_the_feed_to_the_hub_and_from_the_push_to_the_queue(pushed: Pushed) -> None:
    world = pushed.world
    world.put(FEED, pushed.body(item(1)))
    ((usual, _),) = await world.poll()
    asked = await pushed.asked()
    assert (asked["hub.mode"], asked["hub.topic"], asked["hub.lease_seconds"]) == ("subscribe", FEED, "864000")
    assert len(asked["hub.secret"]) >= 32
    heard = await pushed.hub.verify(asked, "challenge-7")
    assert heard == (200, "challenge-7")
    assert titles(world.sent()) == ["Station 1"]
    assert (await pushed.hub.push(asked, pushed.body(item(2), item(1)))).status == 202
    assert titles(world.sent()) == ["Station 2"]
    await pushed.until(lambda: pushed.gauge() == 1)
    assert usual - world.now < 3600 + 1


async def test_nothing_is_sent_twice_whichever_way_it_comes(pushed: Pushed) -> None:
    asked, world = await pushed.subscribed(), pushed.world
    for _ in range(2):
        assert (await pushed.hub.push(asked, pushed.body(item(2)))).status == 202
        world.put(FEED, pushed.body(item(2), item(1)))
        await world.poll()
    assert titles(world.sent()) == ["Station 2"]
    assert (await pushed.hub.push(asked, pushed.body(item(2, "Voted again.")))).status == 202
    assert [one["text"] for one in world.sent()] == ["Voted again."]


async def test_pages_of_pushed_items_are_fetched_as_those_of_polled_ones(pushed: Pushed) -> None:
    world = pushed.world
    world.take(FEED, pages="always")
    asked = await pushed.subscribed()
    await pushed.hub.push(asked, pushed.body(item(2)))
    waiting = world.outbox.waiting_pages(world.now, 10)
    assert [page.url for page in waiting][-1] == "https://gazette.example/2"


async def test_a_pushed_feed_is_polled_more_slowly_until_its_lease_ends(pushed: Pushed) -> None:
    await pushed.subscribed()
    world = pushed.world
    for _ in range(5):  # a feed with something new every minute
        world.now += 60
        world.put(FEED, pushed.body(item(int(world.now))))
        ((due, _),) = await world.poll()
    assert due == world.now + 3600
    world.now += LEASE
    world.put(FEED, pushed.body(*(item(int(world.now) + n) for n in range(20))))
    ((due, _),) = await world.poll()
    assert due < world.now + 3600


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_each_method_of_the_recommendation_is_read(pushed: Pushed, method: str) -> None:
    asked = await pushed.subscribed()
    await pushed.hub.push(asked, pushed.body(item(2)), method=method)
    assert titles(pushed.world.sent()) == ["Station 2"]


@pytest.mark.parametrize(
    "signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=ü", "md5=d41d8cd98f00b204e9800998ecf8427e", "none"]
)
async def test_a_wrong_signature_is_acknowledged_and_changes_nothing(pushed: Pushed, signature: str) -> None:
    asked = await pushed.subscribed()
    heard = await pushed.hub.push(asked, pushed.body(item(2)), X_Hub_Signature=signature)
    assert heard.status == 202
    assert pushed.world.sent() == []
    assert pushed.counted("pushes", "bad_signature") == 1


def test_a_signature_of_another_body_or_secret_does_not_fit() -> None:
    signature = "sha256=515aae133b435d4000956731f68ae5cf5eb85d4f0dc6a546d2bfcd3595ec1ae1"
    assert is_signed(b"body", signature.upper().replace("SHA256", "sha256"), "key")
    assert not is_signed(b"body", signature, "another key")
    assert not is_signed(b"other", signature, "key")
    assert not is_signed(b"body", None, "key")


async def test_a_verification_of_what_was_not_asked_for_is_refused(pushed: Pushed) -> None:
    pushed.world.put(FEED, pushed.body(item(1)))
    await pushed.world.poll()
    asked = await pushed.asked()
    stranger = asked | {"hub.callback": asked["hub.callback"] + "x"}
    assert (await pushed.hub.verify(stranger)).status == 404
    for wrong in ({"topic": OTHER}, {"topic": None}, {"mode": "unsubscribe"}, {"mode": None}, {"challenge": ""}):
        assert (await pushed.hub.verify(asked, **{"challenge": "c", **wrong})).status == 404  # type: ignore[arg-type]
    assert (await pushed.hub.verify(asked, "c" * 5000)).status == 404
    assert pushed.column("leased_until") == 0
    assert pushed.counted("verifications", "refused") == 7
    assert (await pushed.hub.push(asked, pushed.body(item(2)))).status == 410
    assert titles(pushed.world.sent()) == ["Station 1"]


async def test_a_replayed_verification_prolongs_nothing_and_is_refused_later(pushed: Pushed) -> None:
    asked = await pushed.subscribed()
    lease = pushed.column("leased_until")
    pushed.world.now += 60
    assert (await pushed.hub.verify(asked, "again", lease_seconds="31536000")) == (200, "again")
    assert pushed.column("leased_until") == lease
    pushed.world.now += PARAMS.verify_secs
    assert (await pushed.hub.verify(asked, lease_seconds="31536000")).status == 404
    assert pushed.column("leased_until") == lease


async def test_a_lease_is_renewed_before_it_ends(pushed: Pushed) -> None:
    first = await pushed.subscribed()
    pushed.world.now += 0.7 * LEASE - 1
    assert pushed.world.subscriptions.due(pushed.world.now, 10) == []
    pushed.world.now += 2
    renewed = await pushed.asked(2)
    assert renewed == first
    assert (await pushed.hub.push(first, pushed.body(item(2)))).status == 202, "the old lease goes on meanwhile"
    assert (await pushed.hub.verify(renewed)).status == 200
    assert pushed.column("leased_until") == pushed.world.now + LEASE


async def test_the_lease_is_what_the_hub_says_and_ends(pushed: Pushed) -> None:
    pushed.world.put(FEED, pushed.body(item(1)))
    await pushed.world.poll()
    asked = await pushed.asked()
    await pushed.hub.verify(asked, lease_seconds="600")
    pushed.world.sent()
    pushed.hub.status = 500  # it cannot be renewed
    pushed.world.now += 601
    assert (await pushed.hub.push(asked, pushed.body(item(2)))).status == 410
    assert pushed.counted("pushes", "expired") == 1
    assert pushed.world.sent() == []
    await pushed.until(lambda: pushed.gauge() == 0)


async def test_a_hub_that_fails_is_asked_less_and_less_often(pushed: Pushed) -> None:
    pushed.hub.status = 503
    pushed.world.put(FEED, pushed.body(item(1)))
    await pushed.world.poll()
    waits = []
    for count in range(1, 5):
        await pushed.asked(count)
        waits.append(pushed.column("next_request") - pushed.world.now)
        pushed.world.now += waits[-1]
    assert waits == [600, 600, 1200, 2400]


async def test_a_denied_subscription_ends_and_is_asked_for_after_a_day(pushed: Pushed) -> None:
    asked = await pushed.subscribed()
    assert (await pushed.hub.verify(asked, mode="denied", topic=OTHER)).status == 404
    assert (await pushed.hub.verify(asked, mode="denied")).status == 200
    assert (await pushed.hub.push(asked, pushed.body(item(2)))).status == 410
    assert pushed.column("next_request") == pushed.world.now + DAY
    assert (await pushed.hub.verify(asked)).status == 404, "nothing is asked for"


@pytest.mark.parametrize(
    ("body", "headers", "status", "result"),
    [
        ("<html><head></head><body>Oops</body></html>", {}, 202, "unreadable"),
        ("no feed", {}, 202, "unreadable"),
        ("x" * 70_000, {}, 413, "too_large"),
        ("", {"Content_Encoding": "gzip"}, 415, "unreadable"),
        ("feed", {"Link": f'<{OTHER}>; rel="self"'}, 202, "other_topic"),
    ],
)
async def test_a_push_that_is_not_what_was_subscribed_to_changes_nothing(
    pushed: Pushed, body: str, headers: dict[str, str], status: int, result: str
) -> None:
    asked = await pushed.subscribed()
    text = pushed.body(item(2)) if body == "feed" else body
    assert (await pushed.hub.push(asked, text, **headers)).status == status
    assert pushed.counted("pushes", result) == 1
    assert pushed.world.sent() == []


@pytest.mark.parametrize(
    ("hub", "topic"),
    [
        ("http://127.0.0.1:1/", FEED),  # another port
        ("https://127.0.0.1:{port}/", FEED),  # another scheme
        ("http://hub@127.0.0.1:{port}/", FEED),
        ("http://127.0.0.1:port/", FEED),
        ("http://[::1/", FEED),
        ("http://localhost:{port}/", FEED),
        ("http://127.0.0.1:{port}/", "https://harbour.example/feed"),  # the topic of another site
        ("http://127.0.0.1:{port}/", "ftp://gazette.example/feed"),
        ("http://127.0.0.1:{port}/" + "x" * 3000, FEED),
    ],
)
async def test_only_hubs_of_the_setting_are_asked_and_only_for_a_site_of_its_own(
    pushed: Pushed, hub: str, topic: str
) -> None:
    pushed.world.put(FEED, pushed.body(item(1), hub=hub.format(port=pushed.hub.port), topic=topic))
    await pushed.world.poll()
    assert pushed.world.store.database.one("SELECT count(*) FROM subscriptions")[0] == 0


async def test_a_redirect_of_a_hub_is_followed_to_a_trusted_one_only(pushed: Pushed) -> None:
    pushed.hub.status, pushed.hub.location = 307, "http://localhost:1/"
    pushed.world.put(FEED, pushed.body(item(1)))
    await pushed.world.poll()
    await pushed.asked()
    await pushed.until(lambda: pushed.counted("requests", "failed"))
    assert len(pushed.hub.asked) == 1
    pushed.hub.location = "/elsewhere"
    pushed.world.now += PARAMS.verify_secs
    await pushed.until(lambda: len(pushed.hub.asked) == 5)  # itself, and three redirects


async def test_a_feed_that_leaves_the_list_or_names_no_hub_any_more_is_pushed_no_more(pushed: Pushed) -> None:
    asked, world = await pushed.subscribed(), pushed.world
    world.take(OTHER)
    assert (await pushed.hub.push(asked, pushed.body(item(2)))).status == 410
    world.take(FEED, OTHER)
    assert (await pushed.hub.push(asked, pushed.body(item(2)))).status == 202
    world.put(FEED, rss(item(1), item(2)))
    await world.poll()
    assert (await pushed.hub.push(asked, pushed.body(item(3)))).status == 410


async def test_a_hub_that_is_trusted_no_more_pushes_no_more(pushed: Pushed) -> None:
    asked = await pushed.subscribed()
    Subscriptions(pushed.world.store.database, ("other.example",), 3600.0)
    assert (await pushed.hub.push(asked, pushed.body(item(2)))).status == 410


async def test_pushes_that_would_take_too_much_memory_are_to_come_again(pushed: Pushed) -> None:
    asked = await pushed.subscribed()
    pushed.websub._callback._in_progress = PARAMS.max_pushes
    assert (await pushed.hub.push(asked, pushed.body(item(2)))).status == 503
    pushed.websub._callback._in_progress -= 1
    assert (await pushed.hub.push(asked, pushed.body(item(2)))).status == 202
    assert titles(pushed.world.sent()) == ["Station 2"]


async def test_a_feed_that_moved_may_name_a_topic_where_it_is_now(pushed: Pushed) -> None:
    moved = "https://feeds.carrier.example/gazette"
    pushed.world.put(FEED, pushed.body(item(1), topic=moved), at=moved)
    await pushed.world.poll()
    assert (await pushed.asked())["hub.topic"] == moved


async def test_the_status_says_until_when_a_hub_pushes(pushed: Pushed, tmp_path: Path) -> None:
    await pushed.subscribed()
    found = {feed.url: feed.pushed_until for feed in read_status(tmp_path / "feeds.db").feeds}
    assert found == {FEED: pushed.world.now + LEASE, OTHER: None}


def test_the_header_counts_before_the_feed() -> None:
    parsed = Parsed(kind="feed", hubs=("https://inner.example/",), topic="https://gazette.example/inner")
    header = '</hub>; rel="hub", <https://two.example/>; title=x; rel=hub, <https://gazette.example/own>; rel="self x"'
    found = offered(header, parsed, FEED)
    assert found.hubs == ("https://gazette.example/hub", "https://two.example/")
    assert found.topic == "https://gazette.example/own"
    assert offered("", parsed, FEED).topic == "https://gazette.example/inner"
    assert offered('<https://gazette.example/own>; rel="self"', parsed, FEED).hubs == ("https://inner.example/",)


@pytest.mark.parametrize(
    ("hubs", "callback", "fits"),
    [
        ("hub.example, http://127.0.0.1:80", "https://news.example/websub", True),
        ("hub.example/path", "https://news.example/websub", False),
        ("hub.example:port", "https://news.example/websub", False),
        ("ftp://hub.example", "https://news.example/websub", False),
        ("hub.example", "news.example", False),
        ("hub.example", None, False),
    ],
)
def test_settings_that_do_not_fit_are_refused(hubs: str, callback: str | None, *, fits: bool) -> None:
    given = {"hubs": hubs, "callback_url": callback}
    if fits:
        assert len(WebSubSettings.model_validate(given).hubs) == 2
    else:
        with pytest.raises(ValueError, match=r"hubs|callback_url"):
            WebSubSettings.model_validate(given)
