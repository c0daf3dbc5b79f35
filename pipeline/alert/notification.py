"""A notification: what somebody is told, and its id, by which a receiver recognises one that is sent twice."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import orjson
from msgspec import Struct

from pipeline.alert.saved_query import Reason

__all__ = ["ALERT_TYPE", "Notification", "notification_id"]

ALERT_TYPE: Final = "news.alert.v1"
"""The type of its event, and the name of its schema."""
_ID_CHARS: Final = 32
"""128 bits of a hash: two notifications have the same once in never."""


class Notification(Struct, frozen=True, kw_only=True):
    """What somebody is told.

    Attributes:
        id: The same whenever the same events are read.
        query, reason, story, article, revision: What it is made of.
        first: The id of the first notification of the story for this query; its own if it is the first.
        time: When the article was ingested, as events have it.
        changed: Parts of the article that changed.
        sinks: Where it is sent.
        shown: What is told of the article.
    """

    id: str
    query: str
    reason: Reason
    story: str
    article: str
    revision: int
    first: str
    time: str
    changed: tuple[str, ...]
    sinks: tuple[str, ...]
    shown: Mapping[str, Any]

    @property
    def value(self) -> bytes:
        """The value as it is sent: JSON by the schema `news.alert.v1`."""
        return orjson.dumps(
            {
                "id": self.id,
                "query_id": self.query,
                "reason": self.reason,
                "story_id": self.story,
                "first_id": self.first,
                "time": self.time,
                **({"changed": self.changed} if self.changed else {}),
                "article": self.shown,
            }
        )


def notification_id(query: str, reason: Reason, story: str, article: str, revision: int) -> str:
    """Return the id of a notification."""
    parts = "\0".join((query, reason, story, article, str(revision)))
    return sha256(parts.encode()).hexdigest()[:_ID_CHARS]
