"""The subscriptions of feeds at hubs, as they are stored."""

import secrets
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from pipeline.observability.logging import get_logger
from pipeline.sources.feeds.database import Database
from pipeline.sources.feeds.store import StoredFeed
from pipeline.sources.feeds.websub.links import Offer
from pipeline.sources.feeds.websub.params import WebSubParams
from pipeline.text.urls import registrable_domain

__all__ = ["Subscription", "Subscriptions"]

log = get_logger(__name__)

_DAY_SECS: Final = 86_400.0
_COLUMNS: Final = "s.feed, s.hub, s.topic, s.token, s.secret, s.attempts, s.asked_until, s.confirmed, s.leased_until"
_OF_FEEDS: Final = "FROM subscriptions s JOIN feeds f ON f.id = s.feed WHERE f.listed AND f.retired IS NULL"
"""A feed that left the list, or was retired, has no subscription any more."""
_PORTS: Final = {"https": 443, "http": 80}


class Subscription(Struct, frozen=True, kw_only=True):
    """A feed at a hub. Times in epoch seconds.

    Attributes:
        feed: The feed.
        hub: The URL that takes requests.
        topic: The URL by which the hub knows the feed.
        token: The last part of the URL to which it pushes; nobody else knows it.
        secret: With which it signs.
        attempts: Requests since the last one that it confirmed.
        asked_until: Until when it may verify the last request.
        confirmed: Whether it has.
        leased_until: Until when it pushes.
    """

    feed: int
    hub: str
    topic: str
    token: str
    secret: str
    attempts: int
    asked_until: float
    confirmed: bool
    leased_until: float


class Subscriptions:
    """Which feeds hubs push, and which they are to be asked for."""

    def __init__(
        self, database: Database, hubs: Iterable[str], poll_secs: float, params: WebSubParams | None = None
    ) -> None:
        """Take the state, and forget subscriptions at hubs that are not trusted any more.

        Args:
            database: The state.
            hubs: Those that are trusted, as the setting has them.
            poll_secs: Shortest time between two polls of a feed that is pushed.
            params: When hubs are asked.
        """
        self._database = database
        self._hubs = {_origin(hub if "://" in hub else f"https://{hub}") for hub in hubs} - {None}
        self._poll_secs = poll_secs
        self._params = params or WebSubParams()
        known = database.all("SELECT DISTINCT hub FROM subscriptions")
        with database.changes() as connection:
            connection.executemany(
                "DELETE FROM subscriptions WHERE hub = ?", [row for row in known if not self.trusts(*row)]
            )

    def trusts(self, hub: str) -> bool:
        """Return whether the setting names the hub of a URL, with its scheme and port."""
        return len(hub) <= self._params.max_value_chars and _origin(hub) in self._hubs

    def take(self, feed: StoredFeed, offer: Offer, now: float) -> None:
        """Store what a feed offers, if it is not known; a feed without a trusted hub loses its subscription.

        Args:
            feed: The feed.
            offer: Its hubs and its topic.
            now: The present time.
        """
        topic = offer.topic or feed.asked_url
        is_own = self._is_topic(topic, {_site(feed.asked_url), _site(offer.url)})
        hub = next((one for one in offer.hubs if self.trusts(one)), None) if is_own else None
        known = self._database.one("SELECT hub, topic FROM subscriptions WHERE feed = ?", feed.id)
        if known == (None if hub is None else (hub, topic)):
            return
        with self._database.changes() as connection:
            connection.execute("DELETE FROM subscriptions WHERE feed = ?", (feed.id,))
            if hub is not None:
                connection.execute(
                    "INSERT INTO subscriptions (feed, hub, topic, token, secret, next_request)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (feed.id, hub, topic, secrets.token_urlsafe(24), secrets.token_urlsafe(32), now),
                )

    def poll_secs(self, feed: int, now: float) -> float:
        """Return the shortest time until the next poll of a feed: 0 where no hub pushes it."""
        leased = self._database.one("SELECT 1 FROM subscriptions WHERE feed = ? AND leased_until > ?", feed, now)
        return self._poll_secs if leased is not None else 0.0

    def count(self, now: float) -> int:
        """Return how many feeds are pushed."""
        return int(self._database.one(f"SELECT count(*) {_OF_FEEDS} AND s.leased_until > ?", now)[0])

    def due(self, now: float, most: int) -> list[Subscription]:
        """Return those whose hubs are to be asked now."""
        rows = self._database.all(
            f"SELECT {_COLUMNS} {_OF_FEEDS} AND s.next_request <= ? ORDER BY s.next_request LIMIT ?",
            now,
            most,
        )
        return [_subscription(row) for row in rows]

    def by_token(self, token: str) -> Subscription | None:
        """Return the one whose hub calls by this token."""
        row = self._database.one(f"SELECT {_COLUMNS} {_OF_FEEDS} AND s.token = ?", token)
        return _subscription(row) if row is not None else None

    def asking(self, one: Subscription, now: float) -> None:
        """Note a request before it is made: the hub may verify it while it is being made."""
        params = self._params
        wait = min(max(params.retry * 2.0 ** min(one.attempts, 20), params.verify_secs), _DAY_SECS)
        self._set(
            one, attempts=one.attempts + 1, asked_until=now + params.verify_secs, confirmed=0, next_request=now + wait
        )

    def confirm(self, one: Subscription, lease_secs: float, now: float) -> None:
        """Note that a hub has verified a request: it pushes from now on."""
        params = self._params
        lease = min(max(lease_secs, 0.0), params.longest_lease)
        renewed = now + max(params.renew_share * lease, params.shortest_renew)
        self._set(one, confirmed=1, leased_until=now + lease, next_request=renewed, attempts=0, error=None)

    def fail(self, one: Subscription, error: str) -> None:
        """Note that a request failed, unless the hub has verified it all the same."""
        with self._database.changes() as connection:
            connection.execute(
                "UPDATE subscriptions SET error = ?, asked_until = 0 WHERE token = ? AND NOT confirmed",
                (error, one.token),
            )

    def denied(self, one: Subscription, now: float) -> None:
        """Note that a hub pushes no more; it is asked again after a day."""
        again = now + self._params.denied
        self._set(one, leased_until=0, asked_until=0, confirmed=0, error="denied", next_request=again)

    def _is_topic(self, topic: str, sites: set[str | None]) -> bool:
        """Return whether a feed may name a topic: one of its own sites, because it must not speak for another."""
        if len(topic) > self._params.max_value_chars or not topic.lower().startswith(("http://", "https://")):
            return False
        site = _site(topic)
        return site is not None and site in sites

    def _set(self, one: Subscription, **columns: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        with self._database.changes() as connection:
            connection.execute(
                f"UPDATE subscriptions SET {names} WHERE token = ?",  # noqa: S608  names of ours
                (*columns.values(), one.token),
            )


def _subscription(row: Iterable[Any]) -> Subscription:
    values = dict(zip(Subscription.__struct_fields__, row, strict=True))
    return msgspec.convert(values | {"confirmed": bool(values["confirmed"])}, Subscription)


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url.strip())
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname or "", port) if "@" not in parts.netloc else None


def _site(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return registrable_domain(host) or host if host else None
