"""Poll very many feeds in one process: memory, CPU time, and whether politeness is kept.

Every feed is on a host of its own or shares one, on a site in a process of its own; names are resolved to loopback by
this process. Nothing is sent: the records stay in the queue of the state file, so that no broker is needed.

    python -m benchmarks.many_feeds --feeds 10000
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import resource
import socket
import tempfile
import time
from collections import defaultdict
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from pipeline.fetching.addresses import AddressRules
from pipeline.fetching.client import GuardedHttp, HttpParams
from pipeline.observability.feeds_table import FEEDS_METRICS
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.contained_parsing import ContainedParsing
from pipeline.sources.feeds.feed_list import ListedFeed
from pipeline.sources.feeds.hosts import HostParams, Hosts
from pipeline.sources.feeds.outbox import Outbox
from pipeline.sources.feeds.polled_items import ItemReader
from pipeline.sources.feeds.poller import Poller, PollTools
from pipeline.sources.feeds.requests import Requests
from pipeline.sources.feeds.rhythm import RhythmParams
from pipeline.sources.feeds.robots import Robots
from pipeline.sources.feeds.schedule import Schedule
from pipeline.sources.feeds.store import FeedStore
from pipeline.sources.raw_topic import RawTopic

ITEMS = 5
SHARED_BY = 4
"""Feeds of each host."""
PAUSE_SECS = 0.2


def _site(port: Connection) -> None:
    """Answer every feed, and print what came when, in the end."""
    asked: dict[str, list[tuple[float, float]]] = defaultdict(list)

    async def answer(request: web.Request) -> web.Response:
        began = time.monotonic()
        if request.path == "/robots.txt":
            text = "User-agent: *\nDisallow: /private\n"
        else:
            items = "".join(
                f"<item><title>Story {n} of {request.host}</title><link>http://{request.host}{request.path}/{n}</link>"
                f"<description>{'The harbour board has voted. ' * 10}</description></item>"
                for n in range(ITEMS)
            )
            text = f'<rss version="2.0"><channel><title>G</title>{items}</channel></rss>'
        asked[request.host].append((began, time.monotonic()))
        return web.Response(text=text, content_type="application/rss+xml")

    async def report(_request: web.Request) -> web.Response:
        return web.json_response(asked)

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/report", report)
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        port.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(serve())


class Loopback(AbstractResolver):
    """Resolves every name to loopback."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  # the parent's signature
    ) -> list[ResolveResult]:
        """Return loopback."""
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing to close."""


async def _poll(count: int, port: int, path: Path) -> tuple[float, int]:
    """Poll every feed once; return the seconds that it took and the number of queued records."""
    store = FeedStore(path)
    topic = RawTopic(name="raw", partitions=12, max_message_bytes=25_165_824, producers=None)  # type: ignore[arg-type]
    metrics = SourceMetrics("feeds", FEEDS_METRICS)
    urls = [f"http://h{number // SHARED_BY}.example:{port}/feed{number % SHARED_BY}" for number in range(count)]
    store.take_list([ListedFeed(url=url) for url in urls], "missing", time.time(), 0.0)
    hosts = Hosts(HostParams(pause=PAUSE_SECS))
    rules = AddressRules(ports=frozenset({port}), own_networks=(ip_network("127.0.0.0/8"),))
    began = time.monotonic()
    async with GuardedHttp(rules, HttpParams(), Loopback()) as http, ContainedParsing() as parsing:
        requests = Requests(http, hosts, Robots("news-pipeline"), time.time)
        tools = PollTools(
            store=store,
            outbox=Outbox(store.database, topic, metrics, b"feeds"),
            requests=requests,
            parsing=parsing,
            reader=ItemReader(topic, (), 86_400.0),
            metrics=metrics,
            clock=time.time,
        )
        schedule = Schedule(store, Poller(tools, 1 << 24, RhythmParams()), requests, time.time)
        stop = asyncio.Event()
        running = asyncio.create_task(hosts.run(stop))
        await schedule.run_once(asyncio.Event())
        stop.set()
        await running
        answer = await http.get(f"http://report.example:{port}/report")
    _check(json.loads(answer.body))
    (queued,) = store.database.one("SELECT count(*) FROM queue")
    store.close()
    return time.monotonic() - began, queued


def _check(asked: dict[str, list[tuple[float, float]]]) -> None:
    """Print, from the site's log, the shortest pause and the most requests at once of any host."""
    pauses, most = [], 0
    for spans in asked.values():
        ordered = sorted(map(tuple, spans))
        pauses += [later[0] - earlier[1] for earlier, later in itertools.pairwise(ordered)]
        most = max(most, *(sum(one[0] <= begin < one[1] for one in ordered) for begin, _ in ordered))
    print(f"hosts {len(asked)}, requests {sum(map(len, asked.values()))}")
    print(
        f"shortest pause between two requests to a host {min(pauses):.3f} s (set: {PAUSE_SECS} s), most at once {most}"
    )


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=10_000)
    count = parser.parse_args().feeds
    ours, theirs = multiprocessing.Pipe()
    site = multiprocessing.get_context("spawn").Process(target=_site, args=(theirs,), daemon=True)
    site.start()
    with tempfile.TemporaryDirectory() as directory:
        seconds, queued = asyncio.run(_poll(count, ours.recv(), Path(directory) / "feeds.db"))
    site.terminate()
    used = resource.getrusage(resource.RUSAGE_SELF)
    parsing = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{count} feeds in {seconds:.0f} s, {queued} records queued")
    print(f"memory {used.ru_maxrss // 1024} MiB, CPU {used.ru_utime + used.ru_stime:.0f} s")
    print(f"largest child (site or parser) {parsing.ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
