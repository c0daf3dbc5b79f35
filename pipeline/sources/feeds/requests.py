"""One request to a host in its turn, after its robots.txt; each redirect is one more, in the turn of where it leads."""

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from pipeline.errors import PipelineError
from pipeline.fetching.answer import Answer
from pipeline.fetching.client import BeforeRedirect
from pipeline.fetching.errors import FetchFailed, FetchRefused
from pipeline.sources.feeds.clock import Clock
from pipeline.sources.feeds.errors_by_kind import kind_of_status
from pipeline.sources.feeds.hosts import Hosts, Job
from pipeline.sources.feeds.http_headers import retry_after_secs
from pipeline.sources.feeds.robots import Robots, robots_url

__all__ = ["Failed", "Http", "Requests", "host_of"]

_BUSY = (429, 503)


class Http(Protocol):
    """The client: `GuardedHttp`."""

    async def get(
        self, url: str, headers: Mapping[str, str] | None = None, before_redirect: BeforeRedirect | None = None
    ) -> Answer:
        """Request a URL; raises FetchRefused and FetchFailed."""
        ...


class Failed(PipelineError):  # noqa: N818  as in pipeline.fetching
    """There is no usable answer. `kind` is one of `KINDS`; `retry_after` is what the server asks for, in seconds."""

    def __init__(self, kind: str, retry_after: float | None = None, status: int | None = None) -> None:
        """Take the kind."""
        super().__init__(kind)
        self.kind = kind
        self.retry_after = retry_after
        self.status = status


def host_of(url: str) -> str:
    """Return host and port of a URL: what is asked politely."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


class Requests:
    """Requests in the turns of their hosts."""

    def __init__(self, http: Http, hosts: Hosts, robots: Robots | None, clock: Clock) -> None:
        """Request nothing yet.

        Args:
            http: The client.
            hosts: The turns.
            robots: The rules of hosts; None where they are not asked for.
            clock: The present time.
        """
        self._http = http
        self._hosts = hosts
        self._robots = robots
        self._clock = clock
        self._asking: dict[str, list[tuple[str, Job]]] = {}
        """Jobs that wait for a robots.txt which is being asked for, by its URL."""

    def submit(self, url: str, job: Job) -> None:
        """Run a job that requests a URL when its host has its turn, and after its robots.txt is known."""
        host = host_of(url)

        async def turn() -> None:
            if self._robots is None or self._robots.verdict(url, self._clock()) != "unknown":
                await job()
            elif robots_url(url) in self._asking:
                self._asking[robots_url(url)].append((host, job))
            else:
                await self._learn_first(self._robots, robots_url(url), host, job)

        self._hosts.submit(host, turn)

    def permission(self, url: str) -> str | None:
        """Return why a URL must not be requested, as one of `KINDS`, or None.

        Where its robots.txt was not answered at all, that is the reason for which it was not: a name that is not known,
        or an address or port of ours that is not allowed.
        """
        if self._robots is None:
            return None
        verdict = self._robots.verdict(url, self._clock())
        if verdict == "unreachable":
            return self._robots.failure(url) or "robots_unreachable"
        return "robots" if verdict == "disallowed" else None

    async def get(self, url: str, headers: Mapping[str, str], accepted: tuple[int, ...] = (200,)) -> Answer:
        """Request a URL.

        Raises:
            Failed: There is no answer, or none with an accepted status.
        """
        refusal = self.permission(url)
        if refusal is not None:
            raise Failed(refusal)
        try:
            answer = await self._http.get(url, headers, self._go_on)
        except (FetchRefused, FetchFailed) as error:
            raise Failed(error.reason) from error
        if answer.status in accepted:
            return answer
        retry_after = retry_after_secs(answer.headers, self._clock())
        if answer.status in _BUSY and retry_after is not None:
            self._hosts.slow_down(host_of(answer.url), None, until=self._hosts.now() + min(retry_after, 86_400.0))
        raise Failed(kind_of_status(answer.status), retry_after, answer.status)

    async def _go_on(self, target: str) -> None:
        """Wait for the turn in which a redirect may be followed.

        Raises:
            Failed: robots.txt of its host forbids it.
        """
        host = host_of(target)
        await self._move(target)
        if self._robots is None:
            return
        if self._robots.verdict(target, self._clock()) == "unknown":
            await self._learn(self._robots, robots_url(target), host)
            await self._hosts.move(host, first=True)
        refusal = self.permission(target)
        if refusal is not None:
            raise Failed("robots_redirect" if refusal == "robots" else refusal)

    async def _move(self, target: str) -> None:
        await self._hosts.move(host_of(target))

    async def _learn_first(self, robots: Robots, url: str, host: str, job: Job) -> None:
        """Ask for a robots.txt in a turn of its host, and then have the job and those that came meanwhile done."""
        self._asking[url] = []
        try:
            await self._learn(robots, url, host)
        finally:
            waiting = self._asking.pop(url)
            for other, one in reversed([(host, job), *waiting]):
                self._hosts.submit(other, one, first=True)

    async def _learn(self, robots: Robots, url: str, host: str) -> None:
        try:
            answer: Answer | None = await self._http.get(url, {"Accept": "text/plain"}, self._move)
            failure = None
        except (FetchRefused, FetchFailed) as error:
            answer, failure = None, error.reason
        self._hosts.slow_down(host, robots.learn(url, answer, self._clock(), failure))
