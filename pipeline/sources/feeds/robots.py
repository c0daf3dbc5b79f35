"""What robots.txt of each host allows (RFC 9309), read by protego and kept for a day."""

from collections import OrderedDict
from typing import Final, Literal

from msgspec import Struct
from protego import Protego

from pipeline.fetching.answer import Answer

__all__ = ["Robots", "RobotsParams", "robots_url"]

Verdict = Literal["allowed", "disallowed", "unknown", "unreachable"]


class RobotsParams(Struct, frozen=True, kw_only=True):
    """How robots.txt is kept."""

    kept_secs: float = 86_400.0
    """RFC 9309: a copy should not be used for more than a day."""
    unreachable_secs: float = 3600.0
    """Until a robots.txt that the server could not give is asked for again; until then nothing is fetched."""
    max_hosts: int = 20_000
    """Whose rules are kept; each takes a few kilobytes."""
    max_chars: int = 512 * 1024
    """Of a file; RFC 9309 asks for 500 KiB."""


_DEFAULTS: Final = RobotsParams()


class _Rules(Struct, frozen=True):
    parsed: Protego | None
    """None where everything is allowed, or nothing is known because of the server."""
    is_reachable: bool
    until: float
    failure: str | None = None


def robots_url(url: str) -> str:
    """Return the URL of the robots.txt for a URL."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/robots.txt"


class Robots:
    """The rules of hosts, as far as they are known."""

    def __init__(self, agent: str, params: RobotsParams = _DEFAULTS) -> None:
        """Know nothing.

        Args:
            agent: The product token by which rules may name us.
            params: How long rules are kept.
        """
        self._agent = agent
        self._params = params
        self._known: OrderedDict[str, _Rules] = OrderedDict()

    def verdict(self, url: str, now: float) -> Verdict:
        """Return whether a URL may be requested; `unknown` where robots.txt has to be fetched first."""
        rules = self._known.get(robots_url(url))
        if rules is None or rules.until <= now:
            return "unknown"
        if not rules.is_reachable:
            return "unreachable"
        return "allowed" if rules.parsed is None or rules.parsed.can_fetch(url, self._agent) else "disallowed"

    def failure(self, url: str) -> str | None:
        """Return why there was no answer for the robots.txt of a URL; None where there was one."""
        rules = self._known.get(robots_url(url))
        return rules.failure if rules is not None else None

    def learn(self, url: str, answer: Answer | None, now: float, failure: str | None = None) -> float | None:
        """Take the answer for a robots.txt; return the crawl delay that it asks for.

        A server without one allows everything; one that is broken allows nothing until it is mended.

        Args:
            url: Of the robots.txt.
            answer: What came back; None where nothing did.
            now: The present time in epoch seconds.
            failure: Why nothing came back.
        """
        params = self._params
        if answer is None or answer.status >= 500 or answer.status == 429:
            rules = _Rules(None, is_reachable=False, until=now + params.unreachable_secs, failure=failure)
        elif answer.status >= 300:
            rules = _Rules(None, is_reachable=True, until=now + params.kept_secs)
        else:
            text = answer.body[: params.max_chars].decode("utf-8", "replace")
            rules = _Rules(Protego.parse(text), is_reachable=True, until=now + params.kept_secs)
        self._known[url] = rules
        self._known.move_to_end(url)
        if len(self._known) > params.max_hosts:
            self._known.popitem(last=False)
        return rules.parsed.crawl_delay(self._agent) if rules.parsed is not None else None
