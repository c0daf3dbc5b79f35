"""One request at a time to each host, with a pause, in a fair order, as robots.txt and Retry-After ask."""

import asyncio
import functools
import itertools
from collections import Counter

import pytest

from pipeline.fetching.answer import Answer
from pipeline.fetching.errors import FetchFailed, FetchRefused
from pipeline.sources.feeds.hosts import HostParams, Hosts
from pipeline.sources.feeds.http_headers import charset, max_age_secs, retry_after_secs
from pipeline.sources.feeds.requests import Failed, Requests
from pipeline.sources.feeds.robots import Robots, RobotsParams, robots_url

PAUSE = 0.02
NOW = 1_772_600_000.0
FEED = "https://gazette.example/feed"


class Work:
    """Jobs that note when they began and ended."""

    def __init__(self, hosts: Hosts) -> None:
        self.hosts = hosts
        self.spans: dict[str, list[tuple[float, float]]] = {}
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.left = 0
        self.stop = asyncio.Event()

    async def job(self, host: str) -> None:
        began = self.hosts.now()
        self.now.update((host, "all"))
        for name in (host, "all"):
            self.most[name] = max(self.most[name], self.now[name])
        await asyncio.sleep(0.005)
        self.now.subtract((host, "all"))
        self.spans.setdefault(host, []).append((began, self.hosts.now()))
        self.left -= 1
        if not self.left:
            self.stop.set()

    def submit(self, host: str) -> None:
        self.left += 1
        self.hosts.submit(host, functools.partial(self.job, host))


async def test_a_host_gets_one_request_at_a_time_and_a_pause_after_it() -> None:
    work = Work(Hosts(HostParams(pause=PAUSE, concurrency=3)))
    for host in "abcdef":
        for _ in range(4):
            work.submit(host)
    work.hosts.slow_down("a", 3 * PAUSE)
    await work.hosts.run(work.stop)
    assert all(work.most[host] == 1 for host in "abcdef")
    assert work.most["all"] == 3
    for host, spans in work.spans.items():
        gaps = [later[0] - earlier[1] for earlier, later in itertools.pairwise(spans)]
        assert min(gaps) >= (3 * PAUSE if host == "a" else PAUSE) * 0.99


async def test_a_crowded_host_delays_no_other() -> None:
    work = Work(Hosts(HostParams(pause=PAUSE, concurrency=2)))
    for _ in range(10):
        work.submit("crowded")
    for host in ("b", "c"):
        work.submit(host)
    await work.hosts.run(work.stop)
    assert max(work.spans["b"][0][1], work.spans["c"][0][1]) < work.spans["crowded"][3][1]


async def test_what_a_job_raises_ends_the_run() -> None:
    hosts = Hosts()

    async def fail() -> None:
        raise ValueError("a bug")

    hosts.submit("a", fail)
    with pytest.raises(ValueError, match="a bug"):
        await hosts.run(asyncio.Event())


def answer(status: int, body: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(url=FEED, permanent_url=FEED, status=status, headers=named, body=body.encode())


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (answer(200, "User-agent: *\nDisallow: /feed"), "disallowed"),
        (answer(200, "User-agent: news-pipeline\nDisallow: /\nUser-agent: *\nAllow: /"), "disallowed"),
        (answer(200, "User-agent: *\nDisallow: /private"), "allowed"),
        (answer(200, "<html>not found</html>"), "allowed"),
        (answer(404), "allowed"),
        (answer(403), "allowed"),
        (answer(500), "unreachable"),
        (answer(429), "unreachable"),
        (None, "unreachable"),
    ],
)
def test_robots(reply: Answer | None, verdict: str) -> None:
    robots = Robots("news-pipeline")
    assert robots.verdict(FEED, NOW) == "unknown"
    robots.learn(robots_url(FEED), reply, NOW)
    assert robots.verdict(FEED, NOW + 60) == verdict
    assert robots.verdict(FEED, NOW + 2 * RobotsParams().kept_secs) == "unknown"


def test_the_crawl_delay_is_read_and_memory_is_bounded() -> None:
    robots = Robots("news-pipeline", RobotsParams(max_hosts=2))
    text = "User-agent: *\nCrawl-delay: 7\nDisallow:"
    for host in "abc":
        assert robots.learn(f"https://{host}.example/robots.txt", answer(200, text), NOW) == 7
    assert robots.verdict("https://a.example/feed", NOW) == "unknown"
    assert robots.verdict("https://c.example/feed", NOW) == "allowed"


class Client:
    """Answers robots.txt and everything else with what the test says."""

    def __init__(self, robots: Answer | Exception, other: Answer) -> None:
        self.robots, self.other = robots, other
        self.asked: list[str] = []

    async def get(self, url: str, headers: object = None, before_redirect: object = None) -> Answer:
        self.asked.append(url)
        found = self.robots if url.endswith("/robots.txt") else self.other
        if isinstance(found, Exception):
            raise found
        return found


async def _ask(client: Client) -> str:
    hosts = Hosts(HostParams(pause=0.0))
    requests = Requests(client, hosts, Robots("news-pipeline"), lambda: NOW)
    stop, outcome = asyncio.Event(), []

    async def job() -> None:
        try:
            outcome.append(str((await requests.get(FEED, {})).status))
        except Failed as failure:
            outcome.append(failure.kind)
        stop.set()

    requests.submit(FEED, job)
    await hosts.run(stop)
    return outcome[0]


async def test_robots_txt_is_asked_for_first_and_obeyed() -> None:
    client = Client(answer(200, "User-agent: *\nDisallow: /feed"), answer(200))
    assert await _ask(client) == "robots"
    assert client.asked == ["https://gazette.example/robots.txt"]
    client = Client(answer(404), answer(200))
    assert await _ask(client) == "200"
    assert client.asked == ["https://gazette.example/robots.txt", FEED]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer(503), "robots_unreachable"),
        (FetchFailed("dns", "not known"), "dns"),
        (FetchRefused("port", "not in the list"), "port"),
    ],
)
async def test_a_robots_txt_without_an_answer_says_why(reply: Answer | Exception, kind: str) -> None:
    client = Client(reply, answer(200))
    assert await _ask(client) == kind
    assert len(client.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, "not_found"),
        (410, "gone"),
        (403, "forbidden"),
        (429, "rate_limited"),
        (418, "http_client"),
        (502, "http_server"),
    ],
)
async def test_statuses_have_kinds(status: int, kind: str) -> None:
    assert await _ask(Client(answer(404), answer(status))) == kind


def test_headers_that_say_when_to_come_again() -> None:
    assert retry_after_secs({"retry-after": "120"}, NOW) == 120
    assert retry_after_secs({"retry-after": "Wed, 04 Mar 2026 06:10:00 GMT"}, 1_772_604_000.0) == 600
    assert retry_after_secs({"retry-after": "soon"}, NOW) is None
    assert retry_after_secs({}, NOW) is None
    assert max_age_secs({"cache-control": "public, max-age=300"}) == 300
    assert charset({"content-type": 'text/html; charset="Shift_JIS"'}) == "Shift_JIS"
