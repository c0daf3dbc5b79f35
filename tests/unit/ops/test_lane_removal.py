"""Only a lane whose workers have stopped is deleted, and only what belongs to it."""

from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.ops.clients import catalogue_for
from pipeline.ops.lane_removal import LaneRemains, delete_remains, find_remains
from pipeline.settings import KafkaSettings, Settings

LANE = Settings(lane="again", group_prefix="g.", kafka=KafkaSettings(topic_prefix="eu."))
RAW = "eu.again.news.articles.raw.v1"


class Admin:
    """A cluster with a lane, a second lane, and live traffic."""

    def __init__(self) -> None:
        self.topics = {RAW, "eu.again.news.dlq.ingest.v1", "eu.news.articles.raw.v1", "eu.again2.news.articles.raw.v1"}
        self.groups = {
            "g.again.news-ingest": 0,
            "g.again.news-replay": 0,
            "g.news-ingest": 1,
            "g.again2.news-ingest": 1,
        }
        self.refused: set[str] = set()

    def list_topics(self) -> list[str]:
        return sorted(self.topics)

    def list_groups(self) -> list[dict[str, Any]]:
        return [{"group_id": name} for name in self.groups]

    def describe_groups(self, names: list[str]) -> dict[str, Any]:
        return {name: {"members": [{}] * self.groups[name]} for name in names}

    def delete_groups(self, names: list[str]) -> dict[str, str]:
        return {
            name: "OK" if self.groups.pop(name) is not None and name not in self.refused else "no" for name in names
        }

    def delete_topics(self, names: list[str]) -> None:
        self.topics -= set(names)


def test_what_belongs_to_the_lane_is_found_and_deleted() -> None:
    admin: Any = Admin()
    remains = find_remains(admin, LANE, catalogue_for(LANE))
    assert remains == LaneRemains(
        ("eu.again.news.articles.raw.v1", "eu.again.news.dlq.ingest.v1"), ("g.again.news-ingest", "g.again.news-replay")
    )
    delete_remains(admin, remains)
    assert admin.topics == {"eu.news.articles.raw.v1", "eu.again2.news.articles.raw.v1"}
    assert sorted(admin.groups) == ["g.again2.news-ingest", "g.news-ingest"]
    assert find_remains(admin, LANE, catalogue_for(LANE)) == LaneRemains((), ())


def test_a_lane_at_work_is_left_alone() -> None:
    admin: Any = Admin()
    admin.groups["g.again.news-ingest"] = 1
    with pytest.raises(ConfigError, match=r"group g\.again\.news-ingest has members"):
        find_remains(admin, LANE, catalogue_for(LANE))


def test_live_traffic_is_left_alone() -> None:
    live = LANE.model_copy(update={"lane": ""})
    admin: Any = Admin()
    with pytest.raises(ConfigError, match="only the topics of a lane"):
        find_remains(admin, live, catalogue_for(live))


def test_a_group_that_cannot_be_deleted_keeps_the_topics() -> None:
    admin: Any = Admin()
    admin.refused = {"g.again.news-replay"}
    with pytest.raises(ConfigError, match=r"did not delete group g\.again\.news-replay"):
        delete_remains(admin, find_remains(admin, LANE, catalogue_for(LANE)))
    assert RAW in admin.topics
