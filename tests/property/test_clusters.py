"""Clusters are a function of the log, whatever the batches, the start and the replays."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipeline.clusters.fold import Clusters
from pipeline.clusters.params import ClusterParams
from pipeline.clusters.view import cluster_event
from pipeline.domain.cluster import Cluster
from pipeline.domain.ids import ArticleId, ClusterId, cluster_id
from pipeline.domain.record import Origin
from pipeline.domain.verdict import COPIES, VERDICT_KINDS, Decided, Lost, Verdict, VerdictRecord
from pipeline.wire.codec import encode

START = 1_790_000_000_000
PARAMS = ClusterParams(window_secs=60, max_memberships=6, max_members=4, max_listed=2)
ARTICLES = [ArticleId(name) for name in "abcdef"]

Line = tuple[VerdictRecord, int]


@st.composite
def lines(draw: st.DrawFn, *, replays: bool = True) -> list[Line]:
    """Draw a log of a few articles that join, change, leave and are voided in any order, with append times."""
    log: list[Line] = []
    decided: list[Decided] = []
    now = START
    for offset in range(draw(st.integers(1, 25))):
        now += draw(st.sampled_from([0, 1000, 15_000, 40_000]))
        again = draw(st.integers(0, 9))
        if decided and replays and again == 0:
            log.append((draw(st.sampled_from(decided)), now))
        elif decided and again == 1:
            dead = draw(st.sampled_from(decided))
            log.append((Lost(verdict=dead.verdict, ingested_at_ms=dead.ingested_at_ms), now))
        else:
            decided.append(_decided(draw, offset, now))
            log.append((decided[-1], now))
    return log


def _decided(draw: st.DrawFn, offset: int, now: int) -> Decided:
    article, founder = draw(st.sampled_from(ARTICLES)), draw(st.sampled_from(ARTICLES))
    kind = draw(st.sampled_from(VERDICT_KINDS))
    own = kind in ("unique", "unknown_article")
    home = cluster_id(article if own else founder)
    if own and draw(st.integers(0, 5)) == 0:
        home = ClusterId(f"{home}-2")
    verdict = Verdict(
        origin=Origin("", 0, offset),
        article_id=article,
        kind=kind,
        revision=draw(st.integers(1, 4)),
        cluster_id=home,
        canonical_id=founder if kind in COPIES else article,
        canonical_at_ms=START,
        method="new",
        window_secs=60,
        matched_source=draw(st.sampled_from(["", "first.example"])),
    )
    return Decided(
        verdict=verdict,
        ingested_at_ms=now + draw(st.sampled_from([-20_000, 0, 10**12])),
        publisher=draw(st.sampled_from(["", "one.example", "two.example"])),
        credit=draw(st.sampled_from(["", "", "agency.example"])),
        language=draw(st.sampled_from([None, "en", "ar"])),
    )


def fold(log: Sequence[Line], *, start: int = 0, cuts: frozenset[int] = frozenset()) -> dict[int, list[bytes]]:
    """Fold a log from a position on, adopt drafts at the cuts, and return the events of each record as bytes."""
    clusters = Clusters(PARAMS)
    draft = clusters.draft()
    events: dict[int, list[bytes]] = {}
    for position, (record, appended) in enumerate(log):
        if position < start:
            continue
        if position in cuts:
            clusters.adopt(draft)
            draft = clusters.draft()
        events[position] = [
            encode(cluster_event(change, PARAMS, lane="", pipeline_version="1").value) + change.cluster_id.encode()
            for change in draft.apply(record, position, appended)
        ]
    return events


@given(lines(), st.frozensets(st.integers(0, 25)))
def test_the_cut_into_batches_does_not_matter(log: list[Line], cuts: frozenset[int]) -> None:
    assert fold(log, cuts=cuts) == fold(log, cuts=frozenset(range(len(log))))


@given(lines(), st.integers(0, 25), st.frozensets(st.integers(0, 25)))
def test_work_that_is_discarded_and_done_again_is_the_same(log: list[Line], crash: int, cuts: frozenset[int]) -> None:
    whole = fold(log)
    clusters = Clusters(PARAMS)
    committed = 0
    for end in sorted({*cuts, crash, len(log)}):
        for attempt in range(2 if end == crash else 1):
            draft = clusters.draft()
            for position in range(committed, min(end, len(log))):
                changes = draft.apply(log[position][0], position, log[position][1])
                values = [cluster_event(change, PARAMS, lane="", pipeline_version="1").value for change in changes]
                assert [encode(v) + v.cluster_id.encode() for v in values] == whole[position], attempt
        clusters.adopt(draft)
        committed = max(committed, min(end, len(log)))


# Without replays: a record that comes again is a replay only while the first one is in the log.
@given(lines(replays=False), st.integers(0, 25))
def test_a_log_without_its_start_gives_the_same_events_once_the_window_has_passed(log: list[Line], start: int) -> None:
    whole = fold(log)
    late = fold(log, start=start)
    times = []
    running = -(1 << 62)
    for record, appended in log:
        running = max(running, min(record.ingested_at_ms, appended))
        times.append(running)
    for position in late:
        lost = times[start - 1] if start else None
        if lost is None or lost < times[position] - PARAMS.window_secs * 1000:
            assert late[position] == whole[position]


@given(lines())
def test_versions_grow_and_name_the_one_before(log: list[Line]) -> None:
    clusters = Clusters(PARAMS)
    published: dict[ClusterId, list[Cluster]] = {}
    for position, (record, appended) in enumerate(log):
        draft = clusters.draft()
        for change in draft.apply(record, position, appended):
            value = cluster_event(change, PARAMS, lane="", pipeline_version="1").value
            before = published.setdefault(value.cluster_id, [])
            versions = [cluster.version for cluster in before]
            assert value.version == position > max(versions, default=-1)
            assert value.supersedes in (None, *versions)
            if before and before[-1].cause.kind not in ("void", "moved"):  # those expire with what they ended
                assert value.supersedes in (None, versions[-1])
            assert value.size >= len(value.members)
            assert value.origins.count <= max(value.size, 0)
            assert len(value.members) <= PARAMS.max_members
            before.append(value)
        clusters.adopt(draft)


@given(lines())
def test_memory_is_what_the_window_holds(log: list[Line]) -> None:
    clusters = Clusters(PARAMS)
    for position, (record, appended) in enumerate(log):
        draft = clusters.draft()
        draft.apply(record, position, appended)
        clusters.adopt(draft)
    draft = clusters.draft()
    after = Decided(verdict=_plain(), ingested_at_ms=START + 10**10)
    draft.apply(after, len(log), START + 10**10)
    clusters.adopt(draft)
    assert len(clusters) == 1
    assert not any(clusters.other_clusters(article) for article in ARTICLES)


def _plain() -> Verdict:
    article = ArticleId("z")
    return Verdict(
        origin=Origin("", 0, 10**6),
        article_id=article,
        kind="unique",
        revision=1,
        cluster_id=cluster_id(article),
        canonical_id=article,
        canonical_at_ms=START,
        method="new",
        window_secs=60,
    )
