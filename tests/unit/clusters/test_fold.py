"""Which clusters a record of the log changes, and that a discarded draft changes none."""

from msgspec.structs import replace

from pipeline.clusters.fold import Clusters
from pipeline.clusters.params import ClusterParams
from pipeline.domain.ids import ArticleId, ClusterId, cluster_id
from pipeline.domain.verdict import Lost, VerdictKind
from tests.unit.clusters.conftest import MINUTE, START, Log


def test_the_version_of_a_change_is_its_offset_and_the_change_before_is_superseded(log: Log) -> None:
    first = log.add("a")
    log.add("b")
    second = log.add("c", "near", of="a")
    assert (first.version, first.supersedes) == (0, None)
    assert (second.version, second.supersedes) == (2, 0)
    assert second.cluster_id == first.cluster_id == "c-a"


def test_a_replay_changes_nothing(log: Log) -> None:
    verdict = log.decided(log.verdict("a"))
    assert len(log.append(verdict)) == 1
    assert log.append(verdict) == []
    lost = Lost(verdict=verdict.verdict, ingested_at_ms=log.now)
    assert len(log.append(lost)) == 1
    assert log.append(lost) == []
    assert log.append(verdict) == []


def test_repeats_stale_versions_and_unknown_articles_change_nothing(log: Log) -> None:
    log.add("a")
    kinds: tuple[VerdictKind, ...] = ("repeat", "stale", "unknown_article")
    for kind in kinds:
        assert log.append(log.decided(log.verdict("a", kind))) == []
    assert log.append(log.decided(log.verdict("z", "unknown_article"))) == []
    assert len(log.clusters) == 1


def test_an_article_whose_new_version_belongs_elsewhere_leaves(log: Log) -> None:
    log.add("a")
    log.add("b", "near", of="a")
    left, joined = log.append(log.decided(log.verdict("b", "unique", revision=2)))
    assert (left.cluster_id, left.size, left.cause.kind) == ("c-a", 1, "moved")
    assert (joined.cluster_id, joined.size, joined.cause.kind) == ("c-b", 1, "unique")
    assert left.version == joined.version
    back, gone = log.append(log.decided(log.verdict("b", "near", of="a", revision=3)))[::-1]
    assert (back.cluster_id, back.size) == ("c-a", 2)
    assert (gone.cluster_id, gone.size, gone.canonical.state) == ("c-b", 0, "replaced")


def test_a_version_whose_revision_starts_again_leaves_its_former_cluster(log: Log) -> None:
    """The fold of signatures counts from 1 again once it has dropped the article."""
    log.add("a")
    log.add("b", "near", of="a")
    left, joined = log.append(log.decided(log.verdict("b")))
    assert (left.cluster_id, left.size, joined.cluster_id, joined.size) == ("c-a", 1, "c-b", 1)


def test_a_url_given_to_another_article_founds_another_cluster(log: Log) -> None:
    log.add("a")
    log.add("b", "exact", of="a")
    reused = replace(log.verdict("a", "unique", revision=2), cluster_id=ClusterId("c-a-2"))
    left, founded = log.append(log.decided(reused))
    assert (left.cluster_id, left.canonical.state, left.size) == ("c-a", "replaced", 1)
    assert (founded.cluster_id, founded.canonical.article_id, founded.canonical.state) == ("c-a-2", "a", "standing")
    (copied,) = log.append(log.decided(replace(log.verdict("c", "near", of="a"), cluster_id=founded.cluster_id)))
    assert copied.size == 2
    assert copied.supersedes == founded.version


def test_a_discarded_draft_changes_nothing(log: Log) -> None:
    log.add("a")
    before = log.clusters.memberships(cluster_id(ArticleId("a")))
    draft = log.clusters.draft()
    draft.apply(log.decided(log.verdict("b", "near", of="a")), 1, log.now)
    draft.apply(log.decided(log.verdict("c")), 2, log.now + 10**12)
    assert log.clusters.memberships(cluster_id(ArticleId("a"))) == before
    assert len(log.clusters) == 1
    assert log.clusters.time_ms == START


def test_verdicts_expire_one_by_one_and_clusters_with_their_last(short_log: Log) -> None:
    log = short_log
    log.add("a")
    log.now += 8 * MINUTE
    both = log.add("b", "near", of="a")
    assert (both.size, both.canonical.state) == (2, "standing")
    log.now += 4 * MINUTE
    later = log.add("c", "near", of="a")
    assert (later.size, later.canonical.state) == (2, "unknown")
    assert later.canonical.article_id == "a"
    assert later.first_seen == both.last_seen
    log.now += 11 * MINUTE
    assert log.add("z").size == 1
    assert len(log.clusters) == 1
    assert log.clusters.memberships(cluster_id(ArticleId("a"))) == ()


def test_a_membership_counts_up_to_the_end_of_the_window(short_log: Log) -> None:
    log = short_log
    log.add("a")
    log.add("b", "near", of="a")
    log.now = START + MINUTE + 600_000
    cluster = log.add("c", "near", of="a")
    assert (cluster.size, cluster.canonical.state) == (2, "unknown")


def test_a_cluster_is_kept_up_to_the_end_of_the_window(short_log: Log) -> None:
    log = short_log
    log.add("a")
    log.now = START + 600_000
    log.add("y")
    assert len(log.clusters) == 2
    log.now = START + 600_001
    log.add("z")
    assert len(log.clusters) == 2
    assert log.clusters.memberships(cluster_id(ArticleId("a"))) == ()


def test_an_article_whose_membership_has_expired_does_not_leave(short_log: Log) -> None:
    log = short_log
    log.add("a")
    log.add("b", "near", of="a")
    log.now += 9 * MINUTE
    log.add("a", "revision", revision=2)
    log.now += 5 * MINUTE
    (only,) = log.append(log.decided(log.verdict("b", "unique", revision=2)))
    assert only.cluster_id == "c-b"


def test_one_wrong_clock_cannot_end_the_window(short_log: Log) -> None:
    log = short_log
    log.add("a")
    ahead = replace(log.decided(log.verdict("b", "near", of="a")), ingested_at_ms=log.now + 10**12)
    (cluster,) = log.append(ahead)
    assert cluster.size == 2
    assert log.clusters.time_ms == START + MINUTE


def test_an_undated_article_of_a_backfill_does_not_end_the_window(short_log: Log) -> None:
    log = short_log
    log.add("a")
    undated = replace(log.decided(log.verdict("b", "near", of="a")), ingested_at_ms=log.now + 10**10, undated=True)
    log.now += 10**10
    (cluster,) = log.append(undated)
    log.append(Lost(verdict=undated.verdict, ingested_at_ms=log.now, undated=True))
    assert cluster.size == 2
    assert log.clusters.time_ms == START


def test_a_cluster_remembers_so_many_verdicts_and_always_its_canonical_article(short_log: Log) -> None:
    log = short_log
    log.add("a")
    log.now -= 30_000
    sizes = []
    for number in range(8):
        log.now -= 50_000  # all of it within the window
        cluster = log.add(f"copy{number}", "exact", of="a")
        sizes.append(cluster.size)
    assert sizes == [2, 3, 4, 5, 6, 6, 6, 6]
    assert cluster.overflow
    assert cluster.canonical.state == "standing"
    assert [member.article_id for member in cluster.members] == ["a", "copy6", "copy7"]
    assert cluster.publishers.count == 6
    assert len(cluster.publishers.top) == 2
    assert log.clusters.other_clusters(ArticleId("copy0")) == ()
    assert log.clusters.other_clusters(ArticleId("copy7")) == ("c-a",)


def test_overflow_is_reported_when_memberships_do_not_count(short_log: Log) -> None:
    log = short_log
    log.add("a")
    log.now -= 30_000
    overflows = []
    for number in range(7):
        log.now -= 50_000
        overflows.append(log.add(f"copy{number}", "exact", of="a").overflow)
    assert overflows == [False] * 5 + [True] * 2


def test_a_canonical_article_that_changes_all_the_time_is_remembered_by_its_newest_versions(short_log: Log) -> None:
    log = short_log
    for revision in range(1, 30):
        log.now -= 50_000
        cluster = log.add("a", "revision" if revision > 1 else "unique", revision=revision)
        assert cluster.overflow == (revision > 5)
        assert len(log.clusters.memberships(cluster_id(ArticleId("a")))) <= 6
    assert (cluster.size, cluster.members[0].revision, cluster.canonical.state) == (1, 29, "standing")


def test_a_version_that_comes_late_does_not_take_the_newer_one_away(log: Log) -> None:
    log.add("a")
    log.add("b", "near", of="a")
    log.add("b", "near", of="a", revision=3)
    late = log.add("b", "unique", revision=2)  # the cluster of the newer version does not change
    assert late.cluster_id == "c-b"
    assert log.add("c", "near", of="a").size == 3
    left = log.append(log.decided(log.verdict("b", "near", of="d", revision=4)))
    assert [(cluster.cluster_id, cluster.cause.kind) for cluster in left] == [
        ("c-b", "moved"),
        ("c-a", "moved"),
        ("c-d", "near"),
    ]


def test_verdicts_on_two_articles_from_one_origin_are_two(log: Log) -> None:
    log.add("a")
    first, second = log.verdict("b", "near", of="a"), log.verdict("c", "near", of="a")
    log.append(log.decided(first))
    (cluster,) = log.append(log.decided(replace(second, origin=first.origin)))
    assert cluster.size == 3


def test_thousands_of_single_articles_take_little_memory() -> None:
    clusters = Clusters(ClusterParams())
    log = Log(ClusterParams())
    draft = clusters.draft()
    for number in range(2000):
        draft.apply(log.decided(log.verdict(f"{number:032x}")), number, START)
    clusters.adopt(draft)
    packed = sum(len(data) for data in clusters._packed.values())
    assert packed / 2000 < 300


def test_a_void_is_a_change_that_the_next_one_supersedes(log: Log) -> None:
    log.add("a")
    copy = log.verdict("b", "near", of="a")
    log.append(log.decided(copy))
    (voided,) = log.append(Lost(verdict=copy, ingested_at_ms=log.now))
    assert (voided.version, voided.supersedes) == (2, 1)
    assert log.add("c", "near", of="a").supersedes == 2
