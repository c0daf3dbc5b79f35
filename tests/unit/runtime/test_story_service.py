"""The work of `sketch` and `story` on units: records, counts, dead letters, and units that are worked on twice."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.record import Record
from pipeline.domain.sketch import Sketch
from pipeline.errors import FatalError
from pipeline.runtime.committed_log import CommittedLogConfig
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.runtime.sketch_service import SketchService
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.runtime.story_log import StoryLog
from pipeline.runtime.story_service import StoryService
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.codec import decode_membership, decode_sketch, decode_story, encode
from pipeline.wire.dead_letters import Reporter
from tests.unit.stories.conftest import CUP, QUAKE, QUAKE_TOO, SMALL, START, sketch, withdrawal

CATALOGUE = load_catalogue().sized(article_partitions=4)
EXAMPLE = Path("schemas/examples/valid/news.article.enriched.v1")


class _Observer:
    def __init__(self) -> None:
        self.saves: list[bool] = []

    def storied(self, articles: int, stories: int) -> None:
        pass

    def caught_up(self, seconds: float) -> None:
        pass

    def stories_saved(self, *, ok: bool) -> None:
        self.saves.append(ok)


def _log(observer: _Observer, snapshots: SnapshotStore | None = None) -> StoryLog:
    config = CommittedLogConfig(topic="news.sketches.v1", group="g", consumer_arguments={})
    return StoryLog(config, SMALL, "", observer, lambda: True, snapshots)


def _assembly(stage: Any) -> OutputAssembly:
    return OutputAssembly(CATALOGUE, Reporter(app="t", version="1", group="g"), (stage,))


def _record(offset: int, value: Sketch | bytes) -> Record:
    data = value if isinstance(value, bytes) else encode(value)
    return Record("news.sketches.v1", 0, offset, START, b"k", data)


def _work(log: StoryLog, *records: Record) -> Output:
    service = StoryService(log, _assembly("story"), version="1")
    return service.finish(service.prepare(records), [])


def _values(output: Output, topic: str) -> list[Any]:
    decode = decode_story if topic == "news.stories.v1" else decode_membership
    return [decode(record.value or b"") for record, _ in output.records if record.topic == topic]


def test_every_article_gets_a_membership_and_a_story_is_published_once_a_unit() -> None:
    log = _log(_Observer())
    output = _work(log, *(_record(at, sketch(f"a{at}", text)) for at, text in enumerate((QUAKE, CUP, QUAKE_TOO))))
    memberships, stories = _values(output, "news.memberships.v1"), _values(output, "news.stories.v1")
    assert [member.how for member in memberships] == ["founded", "founded", "similar"]
    assert sorted(story.articles for story in stories) == [1, 2]
    assert {story.story_id for story in stories} == {member.story_id for member in memberships}
    assert output.counts["story"].emitted == 3
    types = {dict(record.headers)["ce_type"] for record, _ in output.records}
    assert types == {b"news.story.changed.v1", b"news.membership.changed.v1"}


def test_a_unit_that_is_worked_on_again_gives_the_same_records() -> None:
    log = _log(_Observer())
    records = [_record(0, sketch("a", QUAKE)), _record(1, sketch("b", QUAKE_TOO))]
    first = _work(log, *records)
    assert _work(log, *records).records == first.records
    asyncio.run(log.adopt(0, 2))
    with pytest.raises(FatalError, match="at offset 2"):
        _work(log, *records)


def test_a_unit_is_adopted_only_where_the_stories_are() -> None:
    log = _log(_Observer())
    with pytest.raises(FatalError, match="not at 3"):
        asyncio.run(log.adopt(3, 4))


def test_what_is_no_sketch_is_a_dead_letter_and_what_changes_nothing_is_counted() -> None:
    log = _log(_Observer())
    article = sketch("a", QUAKE)
    output = _work(log, _record(0, article), _record(1, b"{"), _record(2, article), _record(3, withdrawal("a")))
    counts = output.counts["story"]
    assert (counts.consumed, counts.emitted, counts.dropped, counts.rejected) == (
        4, 2, {"unchanged": 1}, {"invalid_schema": 1},
    )  # fmt: skip
    # It had one article, founded and withdrawn in this unit: only its end is published.
    assert [story.state for story in _values(output, "news.stories.v1")] == ["empty"]
    assert _values(output, "news.memberships.v1")[-1].story_id is None


def test_a_snapshot_is_taken_of_what_was_committed_and_used_unless_it_is_ahead_of_the_group(tmp_path: Path) -> None:
    async def run() -> None:
        observer = _Observer()
        store = SnapshotStore(tmp_path, "news.sketches.v1", b"0" * 16)
        log = _log(observer, store)
        _work(log, _record(0, sketch("a", QUAKE)))
        await log.adopt(0, 1)
        _work(log, _record(1, sketch("b", QUAKE_TOO)))
        await log.stop()  # one article is folded and not committed: no snapshot of that
        assert observer.saves == [True]
        again = _log(observer, store)
        assert await again._forget(0, 1) == 1
        assert len(again.stories) == 1
        assert await again._forget(0, 0) == 0
        assert len(again.stories) == 0

    asyncio.run(run())


def test_events_become_sketches_on_the_one_partition_of_their_log() -> None:
    values = [path.read_bytes() for path in sorted(EXAMPLE.glob("*.json"))]
    service = SketchService(_assembly("sketch"))
    source = [Record("news.articles.enriched.v1", 3, at, START, b"k", value) for at, value in enumerate(values)]
    source.append(Record("news.articles.enriched.v1", 3, len(values), START, b"k", b"[]"))
    output = service.finish(service.prepare(source), [])
    made = [decode_sketch(record.value or b"") for record, _ in output.records if record.topic == "news.sketches.v1"]
    assert len(made) == len(values)
    assert {partition for record, partition in output.records if record.topic == "news.sketches.v1"} == {0}
    assert all(item.terms for item in made if item.action != "delete")
    assert [reject.reason for _, _, reject in output.rejected] == ["invalid_schema"]
