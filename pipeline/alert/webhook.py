"""Sends notifications to webhooks, signed as https://www.standardwebhooks.com describes."""

import base64
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final, Protocol

from pipeline.alert.delivery import Failed, Refused
from pipeline.alert.outbox import Waiting
from pipeline.alert.query_file import Webhook
from pipeline.alert.saved_query import WEBHOOK
from pipeline.fetching.answer import Answer
from pipeline.fetching.errors import FetchFailed, FetchRefused

__all__ = ["Posting", "WebhookSink", "signed_headers"]

_TRY_AGAIN: Final = frozenset({408, 409, 423, 425, 429})
"""Statuses below 500 that say nothing about the notification itself."""


class Posting(Protocol):
    """Sends bodies, as `GuardedHttp` does."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a body to a URL; no redirect is followed.

        Raises:
            FetchRefused: The URL is not allowed.
            FetchFailed: There is no answer in time.
        """
        ...


def signed_headers(key: bytes, name: str, at_secs: int, body: bytes) -> dict[str, str]:
    """Return the headers of a signed body.

    Args:
        key: The key of the signature.
        name: The id of the notification.
        at_secs: The time of this attempt, seconds since the epoch, so that an old one cannot be sent again by others.
        body: What is signed.
    """
    signature = base64.b64encode(hmac.new(key, f"{name}.{at_secs}.".encode() + body, sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(at_secs),
        "webhook-signature": f"v1,{signature}",
    }


class WebhookSink:
    """One webhook; it gets one notification at a time, the next when it has taken that."""

    at_once = 1

    def __init__(self, webhook: Webhook, http: Posting, clock: Callable[[], float] = time.time) -> None:
        """Send nothing yet.

        Args:
            webhook: Address and key.
            http: Sends bodies.
            clock: Returns the time, seconds since the epoch.
        """
        self.webhook = webhook
        self._http = http
        self._clock = clock

    @property
    def name(self) -> str:
        """Its name, as queries have it."""
        return f"{WEBHOOK}{self.webhook.name}"

    async def send(self, notifications: Sequence[Waiting]) -> None:
        """Send one notification.

        Raises:
            Failed: The webhook cannot be reached, or answered that it cannot take it now.
            Refused: The address is not allowed, or the webhook answered that it does not take this notification.
        """
        for one in notifications:
            body = one.value.encode()
            headers = signed_headers(self.webhook.key, one.id, int(self._clock()), body)
            try:
                answer = await self._http.post(self.webhook.url, body, headers)
            except FetchRefused as error:
                raise Refused(error.reason) from error
            except FetchFailed as error:
                raise Failed(error.reason) from error
            _check(answer)

    async def close(self) -> None:
        """Do nothing: the client is common to all webhooks."""


def _check(answer: Answer) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    reason = f"status {status}"
    if 300 <= status < 500 and status not in _TRY_AGAIN:
        raise Refused(reason)
    raise Failed(reason, _wait_secs(answer.headers.get("retry-after", "")))


def _wait_secs(text: str) -> float:
    """Return the seconds of a header `Retry-After`; a date is not read, the pauses grow anyway."""
    return float(text[:6]) if text.isascii() and text.isdecimal() else 0.0
