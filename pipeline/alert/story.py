"""Which story an article belongs to: by its membership, or by its cluster as long as there is none."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Struct

__all__ = ["Membership", "cluster_of", "read_membership"]

_ID_CHARS: Final = 200
_MOST_ABSORBED: Final = 100
"""As the schema has it."""


class Membership(Struct, frozen=True, kw_only=True, rename={"article": "article_id", "story": "story_id"}):
    """What the alert service reads of a value of news.memberships.v1.

    story: None once the article was withdrawn. absorbed: ids of stories that were merged into it.
    """

    article: str
    revision: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    story: str | None = None
    absorbed: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids of the story, its own first; none if there is no story."""
        return () if self.story is None else (self.story, *self.absorbed)


_MEMBERSHIP: Final = msgspec.json.Decoder(Membership)


def cluster_of(value: Mapping[str, Any]) -> str:
    """Return the id of the cluster of an event.

    Raises:
        KeyError, TypeError: The value is not as its schema says.
    """
    cluster: str = value["dedup"]["cluster_id"]
    return cluster


def read_membership(content: bytes) -> Membership:
    """Return the membership of a value.

    Raises:
        ValueError: The value is not as its schema says.
    """
    found = _MEMBERSHIP.decode(content)
    if len(found.absorbed) > _MOST_ABSORBED or not all(
        0 < len(name) <= _ID_CHARS for name in (found.article, *found.ids)
    ):
        raise ValueError("an id is a text of at most 200 characters, and a story has absorbed at most 100")
    return found
