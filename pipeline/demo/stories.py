"""The latest state of every story, read from the topics of events, memberships and stories."""

from typing import Any, Final

import orjson

from pipeline.wire.catalogue import MEMBERSHIPS, STORIES, Catalogue

__all__ = ["StoryStates"]

_SHOWN: Final = 3
"""Stories that are described."""


class StoryStates:
    """Collects the latest state of every story, and detects when the stories have caught up with the events."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Read topics of this catalogue."""
        self._events = catalogue.stage("publish").emits
        self._memberships = catalogue.full_name(MEMBERSHIPS)
        self.topics = [self._events, self._memberships, catalogue.full_name(STORIES)]
        self._revisions: dict[str, int] = {}
        self._members: dict[str, dict[str, Any]] = {}
        self._states: dict[str, dict[str, Any]] = {}

    def add(self, record: Any) -> None:
        """Read a record of one of the topics."""
        value = orjson.loads(record.value)
        if record.topic == self._events:
            self._revisions[value["id"]] = max(value["revision"], self._revisions.get(value["id"], 0))
        elif record.topic == self._memberships:
            _keep_latest(self._members, value["article_id"], value)
        else:
            _keep_latest(self._states, value["story_id"], value)

    @property
    def complete(self) -> bool:
        """Whether every event has its membership, every membership the state of its story, and all of it adds up."""
        members = self._members
        if not self._revisions or any(
            name not in members or members[name]["revision"] < revision for name, revision in self._revisions.items()
        ):
            return False
        has_states = all(
            self._states.get(member["story_id"], {"version": -1})["version"] >= member["version"]
            for member in members.values()
            if "story_id" in member
        )
        # The story that an article left is changed too, but nothing names it.
        return has_states and self._adds_up

    @property
    def _adds_up(self) -> bool:
        """Whether the articles of all stories are those that have one."""
        articles: int = sum(state.get("articles", 0) for state in self._states.values())
        return articles == self._standing

    @property
    def _standing(self) -> int:
        return sum("story_id" in member for member in self._members.values())

    def describe(self) -> str:
        """Return lines with the number of stories, and those in most languages by most publishers."""
        told = [state for state in self._states.values() if state["state"] == "open"]
        several = [state for state in told if state["articles"] > 1]
        best = sorted(several, key=_widest_first)
        lines = [
            f"stories  {len(told)} of {self._standing} articles, {len(several)} of them with several, such as:",
            *map(_described, best[:_SHOWN]),
        ]
        return "\n".join(lines)


def _keep_latest(found: dict[str, dict[str, Any]], name: str, value: dict[str, Any]) -> None:
    before = found.get(name)
    if before is None or before["version"] <= value["version"]:
        found[name] = value


def _widest_first(state: dict[str, Any]) -> tuple[int, int, int, str]:
    return -len(state["languages"]), -state["publisher_count"], -state["articles"], state["story_id"]


def _described(state: dict[str, Any]) -> str:
    publishers = state["publisher_count"]
    languages = ", ".join(sorted(language["name"] for language in state["languages"]))
    return (
        f"         {state.get('headline', state['story_id'])}\n"
        f"         {state['articles']} articles, {publishers} publisher{'' if publishers == 1 else 's'}, in {languages}"
    )
