"""Which story an article belongs to."""

from collections.abc import Mapping
from typing import Any

__all__ = ["story_of"]


def story_of(value: Mapping[str, Any]) -> str:
    """Return the id of the story of an event: that of its cluster.

    Raises:
        KeyError, TypeError: The value is not as its schema says.
    """
    story: str = value["dedup"]["cluster_id"]
    return story
