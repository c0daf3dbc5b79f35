"""What holds for an address holds for each one that it redirects to: robots.txt, pause, one request at a time."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_network

import pytest

from pipeline.fetching.addresses import AddressRules
from pipeline.fetching.client import GuardedHttp
from pipeline.sources.feeds.hosts import HostParams, Hosts
from pipeline.sources.feeds.requests import Failed, Requests
from pipeline.sources.feeds.robots import Robots
from tests.harness.news_site import NewsSite

NOW = 1_772_600_000.0
PAUSE = 0.05
ALL = "User-agent: *\nDisallow:"
NOTHING = "User-agent: *\nDisallow: /"


@pytest.fixture
def sites() -> Iterator[tuple[NewsSite, NewsSite]]:
    """Return two sites; a port of its own makes each of them a host of its own."""
    with ExitStack() as stack:
        found = (stack.enter_context(NewsSite()), stack.enter_context(NewsSite()))
        for site in found:
            site.put("/robots.txt", ALL)
        yield found


async def asked(sites: tuple[NewsSite, ...], *urls: str, concurrency: int = 50, has_robots: bool = True) -> list[str]:
    """Request URLs in the turns of their hosts; return the bodies, or the kinds of failures."""
    rules = AddressRules(ports=frozenset(site.port for site in sites), own_networks=(ip_network("127.0.0.0/8"),))
    hosts = Hosts(HostParams(pause=PAUSE, concurrency=concurrency))
    stop, found = asyncio.Event(), dict[str, str]()
    async with GuardedHttp(rules) as http:
        requests = Requests(http, hosts, Robots("news-pipeline") if has_robots else None, lambda: NOW)

        async def job(url: str) -> None:
            try:
                found[url] = (await requests.get(url, {})).body.decode()
            except Failed as failure:
                found[url] = failure.kind
            if len(found) == len(urls):
                stop.set()

        for url in urls:
            requests.submit(url, lambda url=url: job(url))  # type: ignore[misc]
        await asyncio.wait_for(hosts.run(stop), 20)
    return [found[url] for url in urls]


def pauses(site: NewsSite) -> list[float]:
    """Return the times between requests: a pause at least, because the site notes each before its answer arrives."""
    return [later - earlier for earlier, later in itertools.pairwise(sorted(one.at for one in site.asked))]


async def test_a_host_that_forbids_us_is_not_asked_by_way_of_another(sites: tuple[NewsSite, NewsSite]) -> None:
    site, other = sites
    site.put("/feed", b"", status=302, Location=other.url("/feed"))
    other.put("/robots.txt", NOTHING)
    other.put("/feed", "secret")
    assert await asked(sites, site.url("/feed")) == ["robots_redirect"]
    assert other.paths() == ["/robots.txt"]


async def test_a_path_of_the_same_host_that_is_forbidden_is_not_asked(sites: tuple[NewsSite, NewsSite]) -> None:
    site, _ = sites
    site.put("/robots.txt", "User-agent: *\nDisallow: /private")
    site.put("/feed", b"", status=301, Location="/private/feed")
    assert await asked(sites, site.url("/feed")) == ["robots_redirect"]
    assert site.paths() == ["/robots.txt", "/feed"]


async def test_an_unreachable_robots_txt_behind_a_redirect_forbids_everything(
    sites: tuple[NewsSite, NewsSite],
) -> None:
    site, other = sites
    site.put("/feed", b"", status=302, Location=other.url("/feed"))
    other.put("/robots.txt", b"", status=503)
    assert await asked(sites, site.url("/feed")) == ["robots_unreachable"]
    assert other.paths() == ["/robots.txt"]


async def test_each_hop_waits_for_its_turn(sites: tuple[NewsSite, NewsSite]) -> None:
    site, other = sites
    for number in range(4):
        site.put(f"/{number}", b"", status=302, Location=other.url(f"/{number}"))
        other.put(f"/{number}", b"", status=302, Location=f"/there/{number}")
        other.put(f"/there/{number}", f"body {number}")
    urls = [site.url(f"/{number}") for number in range(4)]
    assert await asked(sites, *urls, concurrency=1) == [f"body {number}" for number in range(4)]
    for one in sites:
        assert set(one.most_at_once.values()) == {1}
        assert min(pauses(one)) >= PAUSE
    assert other.paths().count("/robots.txt") == 1


async def test_hosts_that_redirect_to_each_other_do_not_wait_for_ever(sites: tuple[NewsSite, NewsSite]) -> None:
    site, other = sites
    for one, next_one in ((site, other), (other, site)):
        one.put("/go", b"", status=302, Location=next_one.url("/end"))
        one.put("/end", "end")
        one.put("/round", b"", status=302, Location=next_one.url("/round"))
    urls = [one.url(path) for one in sites for path in ("/go", "/round")]
    assert await asked(sites, *urls, concurrency=2) == ["end", "redirects", "end", "redirects"]


async def test_a_robots_txt_that_redirects_is_asked_for_once_and_obeyed(sites: tuple[NewsSite, NewsSite]) -> None:
    site, other = sites
    site.put("/robots.txt", b"", status=301, Location=other.url("/rules"))
    other.put("/rules", "User-agent: *\nDisallow: /b")
    site.put("/a", "a")
    urls = [site.url("/a"), site.url("/b"), site.url("/a?2")]
    site.put("/a?2", "a2")
    assert await asked(sites, *urls) == ["a", "robots", "a2"]
    assert site.paths().count("/robots.txt") == 1
    assert other.paths() == ["/rules"]


async def test_the_crawl_delay_of_a_target_is_kept_between_its_robots_txt_and_the_hop(
    sites: tuple[NewsSite, NewsSite],
) -> None:
    site, other = sites
    other.put("/robots.txt", ALL + "\nCrawl-delay: 1")
    site.put("/feed", b"", status=302, Location=other.url("/feed"))
    other.put("/feed", "feed")
    assert await asked(sites, site.url("/feed")) == ["feed"]
    assert min(pauses(other)) >= 1


async def test_without_robots_the_turns_hold_all_the_same(sites: tuple[NewsSite, NewsSite]) -> None:
    site, other = sites
    site.put("/feed", b"", status=302, Location=other.url("/feed"))
    other.put("/feed", "feed")
    other.put("/more", "more")
    assert await asked(sites, site.url("/feed"), other.url("/more"), has_robots=False) == ["feed", "more"]
    assert set(other.most_at_once.values()) == {1}
    assert "/robots.txt" not in other.paths()


async def test_a_busy_target_is_left_alone_and_not_the_host_that_redirects(sites: tuple[NewsSite, NewsSite]) -> None:
    site, other = sites
    site.put("/feed", b"", status=302, Location=other.url("/feed"))
    site.put("/more", "more")
    other.put("/feed", b"", status=503, Retry_After="3600")
    assert await asked(sites, site.url("/feed"), site.url("/more")) == ["http_server", "more"]


async def test_a_job_that_waits_at_another_host_ends_with_the_run() -> None:
    hosts = Hosts(HostParams(pause=60.0))
    stop, began = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def job() -> None:
        began.set()
        try:
            await hosts.move("a")  # a minute from now
        finally:
            ended.append("dropped")

    hosts.submit("a", job)
    running = asyncio.create_task(hosts.run(stop))
    await began.wait()
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert ended == ["dropped"]
