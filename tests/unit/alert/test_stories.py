"""One notification for a story, as its memberships tell: waiting for them, and what happens without."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.alert.compiled import compiled
from pipeline.alert.matcher import Matcher
from pipeline.alert.outbox import Outbox
from pipeline.alert.params import STORY_WAIT, StoryWaitParams
from pipeline.alert.preview import Preview
from pipeline.alert.saved_query import SavedQuery
from pipeline.alert.state import AlertState
from pipeline.alert.waiting import StoryRule, Waits
from pipeline.domain.record import Record
from pipeline.observability.downstream_metrics import DownstreamMetrics
from tests.harness.alert_records import ENRICHED, MEMBERSHIPS, event, membership, revised, value_of, withdrawn

FERRIES = SavedQuery(id="ferries", words="ferry", sinks=("events",))
TRAMS = SavedQuery(id="trams", words="tram", sinks=("events",))
PLACE = (ENRICHED, 0)
WAIT_SECS = 2.0


class Alerts:
    """A state with its clock; it can be opened again, as after a kill."""

    def __init__(self, directory: Path, waits: Waits = "on") -> None:
        self.now = 2_000_000_000.0
        self._directory = directory
        self._waits: Waits = waits
        self.open({ENRICHED: b"one", MEMBERSHIPS: b"two"})

    def open(self, identities: Mapping[str, bytes]) -> None:
        self.metrics = DownstreamMetrics()
        self.state = AlertState(
            self._directory / "state",
            Matcher([compiled(FERRIES), compiled(TRAMS)]),
            self.metrics,
            remember_days=30,
            max_documents=100,
            stories=StoryRule(waits=self._waits, wait_secs=WAIT_SECS),
            clock=lambda: self.now,
        )
        self.positions = self.state.restore(identities)

    def again(self, identities: Mapping[str, bytes] | None = None) -> None:
        self.state.close()
        self.open(identities or {ENRICHED: b"one", MEMBERSHIPS: b"two"})

    def take(self, *records: Mapping[str, Any] | Record, caught_up: bool = True) -> int:
        at_ms = int(self.now * 1000)
        found = [one if isinstance(one, Record) else event(one, at_ms) for one in records]
        skipped = self.state.apply(found)
        self.state.store({PLACE: 1, (MEMBERSHIPS, 0): 1}, caught_up=caught_up)
        return skipped

    def joined(self, article: str, story: str | None, *absorbed: str, revision: int = 1) -> Record:
        return membership(article, story, *absorbed, revision=revision, at_ms=int(self.now * 1000))

    def told(self, query: str = "ferries") -> list[tuple[str, str, str]]:
        outbox = Outbox(self._directory / "state")
        values = [orjson.loads(one.value) for one in reversed(outbox.latest(query, 100))]
        outbox.close()
        return [(value["reason"], value["article"]["id"], value["story_id"]) for value in values]

    def is_waiting(self) -> bool:
        return self.state.is_waiting

    def waits(self, result: str) -> float:
        counter = self.metrics.of("alert_story_waits_total").labels(result)
        return float(counter._value.get())


@pytest.fixture
def alerts(tmp_path: Path) -> Iterator[Alerts]:
    found = Alerts(tmp_path)
    yield found
    found.state.close()


def test_articles_of_one_story_are_told_once_whatever_their_clusters(alerts: Alerts) -> None:
    alerts.take(value_of("a", "A ferry"), value_of("b", "The ferry"))
    assert alerts.told() == []
    assert alerts.is_waiting()
    alerts.take(alerts.joined("b", "s"), alerts.joined("a", "s"))
    assert alerts.told() == [("new", "b", "s")]
    assert not alerts.is_waiting()
    alerts.take(alerts.joined("c", "s"), value_of("c", "One more ferry"), value_of("d", "Ferry, another story"))
    alerts.take(alerts.joined("d", "other"))
    assert alerts.told() == [("new", "b", "s"), ("new", "d", "other")]
    assert (alerts.waits("waited"), alerts.waits("at_once"), alerts.waits("in_vain")) == (3, 1, 0)


def test_without_a_membership_in_time_the_cluster_counts(alerts: Alerts) -> None:
    alerts.take(value_of("a", "A ferry", cluster_id="c"), value_of("b", "The ferry", cluster_id="c"))
    alerts.now += WAIT_SECS - 0.1
    alerts.take()
    assert alerts.told() == []
    alerts.now += 0.2
    alerts.take()
    assert alerts.told() == [("new", "a", "c")]
    assert alerts.waits("in_vain") == 2


def test_a_membership_that_comes_too_late_still_tells_what_is_known(alerts: Alerts) -> None:
    alerts.take(value_of("a", "A ferry"))
    alerts.now += WAIT_SECS + 0.1
    alerts.take()
    alerts.take(alerts.joined("a", "s"))
    alerts.take(value_of("b", "The ferry"), alerts.joined("b", "s"))
    assert alerts.told() == [("new", "a", "c-a")]


def test_a_story_that_is_known_by_its_cluster_is_known_by_its_id_from_then_on(alerts: Alerts) -> None:
    alerts.take(value_of("a", "A ferry", cluster_id="c"))
    alerts.now += WAIT_SECS + 0.1
    alerts.take()
    alerts.take(value_of("b", "A ferry", cluster_id="c"), alerts.joined("b", "s"))
    alerts.take(value_of("d", "The ferry"), alerts.joined("d", "s"))
    assert alerts.told() == [("new", "a", "c")]


def test_a_merge_tells_nobody_again(alerts: Alerts) -> None:
    alerts.take(value_of("a", "A ferry"), alerts.joined("a", "younger"))
    alerts.take(value_of("b", "A tram and a ferry"), alerts.joined("b", "older", "oldest", "younger"))
    alerts.take(value_of("d", "The ferry"), alerts.joined("d", "older", "oldest", "younger"))
    alerts.take(value_of("e", "The ferry"), alerts.joined("e", "oldest"))  # from before the merge, and read late
    assert alerts.told() == [("new", "a", "younger")]
    assert alerts.told("trams") == [("new", "b", "older")]


def test_a_story_that_was_split_off_with_the_named_article_is_known(alerts: Alerts) -> None:
    alerts.take(value_of("a", "A ferry"), alerts.joined("a", "s"), alerts.joined("a", "part"))
    alerts.take(value_of("b", "The ferry"), alerts.joined("b", "part"))
    assert alerts.told() == [("new", "a", "s")]


def test_what_waits_outlives_the_process_and_what_was_not_stored_waits_again(alerts: Alerts) -> None:
    alerts.take(value_of("a", "A ferry"))
    alerts.state.apply([event(value_of("b", "The ferry"), int(alerts.now * 1000)), alerts.joined("a", "s")])
    alerts.now += 100.0  # it was away for long: its time begins again, as memberships are read first
    alerts.again()
    assert alerts.is_waiting()
    alerts.take(value_of("b", "The ferry"), alerts.joined("b", "s"))
    assert alerts.told() == [("new", "b", "s")]
    alerts.take(alerts.joined("a", "s"))
    assert alerts.told() == [("new", "b", "s")]
    alerts.again()
    assert not alerts.is_waiting()


def test_while_it_catches_up_it_waits_longer(alerts: Alerts) -> None:
    alerts.take(value_of("a", "A ferry"), caught_up=False)
    alerts.now += WAIT_SECS * 2
    alerts.take(caught_up=False)
    assert alerts.told() == []
    alerts.now += STORY_WAIT.catching_up_secs
    alerts.take(caught_up=False)
    assert alerts.told() == [("new", "a", "c-a")]


def test_no_more_than_a_number_of_events_wait(alerts: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts.state._waiting, "_params", StoryWaitParams(max_waiting=2))
    alerts.take(*(value_of(name, "A ferry") for name in "abcd"))
    assert [article for _, article, _ in alerts.told()] == ["a", "b"]
    alerts.take(alerts.joined("c", "s"), alerts.joined("d", "s"))
    assert alerts.told()[2:] == [("new", "c", "s")]


def test_a_newer_version_waits_instead_of_the_older(alerts: Alerts) -> None:
    first, other = value_of("a", "A ferry"), value_of("b", "A ferry")
    alerts.take(first, other, revised(first, 2, "headline", headline="A tram"), withdrawn(other, 2))
    alerts.take(alerts.joined("a", "s"), alerts.joined("b", "t"))
    assert alerts.told("trams") == []  # that was the story of the first version
    alerts.take(alerts.joined("a", "s", revision=2), alerts.joined("b", None, revision=2))
    assert (alerts.told(), alerts.told("trams")) == ([], [("new", "a", "s")])


def test_a_correction_does_not_wait_and_has_the_story_that_was_told(alerts: Alerts) -> None:
    first = value_of("a", "A ferry")
    alerts.take(first, alerts.joined("a", "s"), alerts.joined("a", "part"))
    alerts.take(revised(first, 2, "numbers"), withdrawn(first, 3))
    assert alerts.told() == [("new", "a", "s"), ("correction", "a", "s"), ("withdrawal", "a", "s")]


def test_a_reused_url_is_another_story(alerts: Alerts) -> None:
    first = value_of("a", "A ferry")
    alerts.take(first, alerts.joined("a", "s"))
    other = {**revised(first, 2, "headline"), "dedup": {**first["dedup"], "cluster_id": "c-other"}}
    alerts.take(other)
    alerts.take(alerts.joined("a", "t", revision=2))
    assert alerts.told() == [("new", "a", "s"), ("new", "a", "t")]


def test_by_default_it_waits_only_while_memberships_are_written(tmp_path: Path) -> None:
    alerts = Alerts(tmp_path, "auto")
    alerts.take(value_of("a", "A ferry"))
    assert alerts.told() == [("new", "a", "c-a")]  # nobody writes them
    alerts.take(alerts.joined("a", "s"))
    alerts.again()
    names = [f"b{number}" for number in range(STORY_WAIT.in_vain)]
    alerts.take(*(value_of(name, "A ferry") for name in names))
    assert len(alerts.told()) == 1
    alerts.now += WAIT_SECS + 0.1
    alerts.take()
    assert len(alerts.told()) == 1 + STORY_WAIT.in_vain
    alerts.take(value_of("d", "A ferry"))
    assert alerts.told()[-1] == ("new", "d", "c-d")  # nobody writes them any more
    assert alerts.waits("not_expected") == 1
    alerts.take(alerts.joined("d", "s2"))
    alerts.take(value_of("e", "A ferry"))
    assert alerts.is_waiting()
    alerts.state.close()


def test_it_does_not_wait_if_memberships_are_not_read(alerts: Alerts) -> None:
    alerts.take(alerts.joined("a", "s"))
    alerts.again({ENRICHED: b"one"})
    assert alerts.positions == {PLACE: 1}
    alerts.take(value_of("a", "A ferry"), value_of("b", "A ferry"))
    assert alerts.told() == [("new", "a", "c-a"), ("new", "b", "c-b")]


def test_another_topic_of_memberships_means_only_that_it_is_read_from_its_start(alerts: Alerts) -> None:
    alerts.take(value_of("a", "A ferry"), alerts.joined("a", "s"))
    alerts.again({ENRICHED: b"one", MEMBERSHIPS: b"other"})
    assert alerts.positions == {PLACE: 1}
    alerts.again({ENRICHED: b"other", MEMBERSHIPS: b"other"})
    assert alerts.positions == {}


@pytest.mark.parametrize(
    "value",
    [
        b"", b"{}", b"[]", b"\xff", b"{",
        *(
            orjson.dumps({"article_id": "a", "revision": 1, "story_id": "s", **wrong})
            for wrong in (
                {"article_id": 1}, {"article_id": ""}, {"story_id": "x" * 201}, {"story_id": ""}, {"revision": "1"},
                {"absorbed": "x"}, {"absorbed": [""]}, {"absorbed": ["x"] * 101}, {"revision": 2**63},
            )
        ),
    ],
)  # fmt: skip
def test_a_membership_that_cannot_be_read_is_skipped(alerts: Alerts, value: bytes) -> None:
    record = Record(MEMBERSHIPS, 0, 0, int(alerts.now * 1000), b"a", value)
    assert alerts.take(value_of("a", "A ferry"), record, alerts.joined("a", "t")) == 1
    assert alerts.told() == [("new", "a", "t")]


def test_the_preview_counts_stories(alerts: Alerts, tmp_path: Path) -> None:
    alerts.take(*(value_of(name, "A ferry") for name in "abc"), alerts.joined("a", "s"), alerts.joined("b", "s"))
    preview = Preview(tmp_path / "state", 5.0)
    found = preview.of(compiled(FERRIES))
    preview.close()
    assert found is not None
    assert (found.matching, found.stories) == (3, 2)
