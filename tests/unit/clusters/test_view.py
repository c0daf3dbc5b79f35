"""The published form of a cluster: size, publishers, origins, the state of its canonical article."""

import pytest
from msgspec.structs import replace

from pipeline.clusters.fold import ClusterChange
from pipeline.clusters.params import ClusterParams
from pipeline.clusters.view import EVENT_TYPE, cluster_event, describe
from pipeline.domain.cluster import Cause, Cluster, PublisherCount, TextOrigin
from pipeline.domain.ids import ArticleId, ClusterId, event_id
from pipeline.domain.verdict import Lost
from tests.unit.clusters.conftest import START, Log


def _origins(cluster: Cluster) -> dict[str, int]:
    return {origin.name: origin.articles for origin in cluster.origins.top}


def test_an_article_alone_is_a_cluster(log: Log) -> None:
    cluster = log.add("a")
    assert cluster.size == 1
    assert cluster.canonical.state == "standing"
    assert (cluster.canonical.url, cluster.canonical.publisher) == ("https://a.example/a", "a.example")
    assert cluster.publishers.top == (PublisherCount("a.example", 1),)
    assert cluster.origins.top == (TextOrigin("a.example", 1, "arrival"),)
    assert [member.role for member in cluster.members] == ["canonical"]
    assert cluster.first_seen == cluster.last_seen == "2026-09-21T14:13:20.000Z"


def test_the_origin_of_copies_without_credit_is_the_publisher_of_the_canonical_article(log: Log) -> None:
    log.add("a")
    log.add("b", "near", of="a")
    cluster = log.add("c", "exact", of="a")
    assert cluster.publishers.count == 3
    assert _origins(cluster) == {"a.example": 3}


def _by(cluster: Cluster) -> dict[str, str]:
    return {origin.name: origin.by for origin in cluster.origins.top}


def test_a_later_arrival_that_was_published_earlier_becomes_the_origin(log: Log) -> None:
    assert _by(log.add("a", published=-3600)) == {"a.example": "arrival"}
    assert _by(log.add("b", "near", of="a")) == {"a.example": "arrival"}  # states no time
    assert _by(log.add("c", "exact", of="a", published=-1800)) == {"a.example": "published_at"}
    cluster = log.add("d", "near", of="a", published=-57_600)
    assert (_by(cluster), _origins(cluster)) == ({"d.example": "published_at"}, {"d.example": 4})
    assert _by(log.add("e", "exact", of="a", credit="afp.com")) == {"afp.com": "credit"}


@pytest.mark.parametrize(
    ("first", "second", "origin", "by"),
    [
        (None, -7200, "a.example", "arrival"),  # nobody knows when the first one was published
        (-3600, None, "a.example", "arrival"),
        (-3600, -3659, "a.example", "published_at"),  # within a minute
        (-3600, -3720, "b.example", "published_at"),
        (-3600, -8 * 86_400, "a.example", "arrival"),  # of an archive, or forged
        (-3600, 60, "a.example", "arrival"),  # after its own arrival
    ],
)
def test_only_times_that_can_be_compared_decide_about_the_origin(
    log: Log, first: int | None, second: int | None, origin: str, by: str
) -> None:
    log.add("a", published=first)
    assert _by(log.add("b", "near", of="a", published=second)) == {origin: by}


def test_an_earlier_publisher_that_retracts_is_not_the_origin(log: Log) -> None:
    log.add("a", published=-3600)
    log.add("b", "near", of="a", published=-7200)
    assert _by(log.add("b", "retracted_copy", cluster="a", revision=2)) == {"a.example": "arrival"}


def test_a_promoted_copy_has_the_origin_of_the_article_that_it_stands_for(log: Log) -> None:
    log.add("a")
    log.add("b", "exact", of="a")
    log.add("c", "exact", of="a")
    log.add("a", "retraction", revision=2)
    cluster = log.add("b", "promoted", of="a", revision=2)
    assert (cluster.canonical.state, cluster.canonical.promoted_id) == ("retracted", "b")
    assert [(member.article_id, member.role) for member in cluster.members] == [("b", "promoted"), ("c", "copy")]
    assert _origins(cluster) == {"a.example": 2}
    assert _origins(log.add("d", "exact", of="b", cluster="a")) == {"a.example": 3}
    cluster = log.add("b", "retraction", cluster="a", revision=3)
    assert (cluster.size, cluster.withdrawn, cluster.canonical.promoted_id) == (2, 2, None)


def test_a_retracted_copy_leaves_its_cluster(log: Log) -> None:
    log.add("a")
    log.add("b", "exact", of="a")
    cluster = log.add("b", "retracted_copy", cluster="a", revision=2)
    assert (cluster.size, cluster.withdrawn, cluster.cause.kind) == (1, 1, "retracted_copy")
    assert [member.article_id for member in cluster.members] == ["a"]


def test_copies_of_an_agencys_reports_are_one_origin(log: Log) -> None:
    log.add("a", credit="reuters.com")
    log.add("b", "near", of="a", credit="reuters.com")
    log.add("c", "exact", of="a")  # without the credit
    cluster = log.add("d", "related", cluster="a", credit="reuters.com")
    assert (cluster.publishers.count, cluster.origins.count) == (4, 1)
    assert _origins(cluster) == {"reuters.com": 4}


def test_the_credit_of_one_copy_counts_for_all_copies(log: Log) -> None:
    assert _origins(log.add("a")) == {"a.example": 1}
    cluster = log.add("b", "near", of="a", credit="afp.com")
    assert _origins(cluster) == {"afp.com": 2}


def test_a_related_article_by_another_publisher_has_its_own_origin(log: Log) -> None:
    log.add("a", credit="afp.com")
    log.add("r", "related", cluster="a")
    cluster = log.add("s", "near", of="r", cluster="a")
    assert _origins(cluster) == {"r.example": 2, "afp.com": 1}
    assert [(member.article_id, member.role) for member in cluster.members] == [
        ("a", "canonical"),
        ("r", "related"),
        ("s", "copy"),
    ]


def test_a_report_that_credits_an_outlet_has_the_origin_of_articles_of_that_outlet(log: Log) -> None:
    log.add("a")
    cluster = log.add("b", "related", cluster="a", credit="a.example")
    assert _origins(cluster) == {"a.example": 2}


def test_a_copy_may_be_read_before_its_canonical_article(log: Log) -> None:
    early = log.add("b", "near", of="a")
    assert (early.canonical.state, early.canonical.publisher) == ("unknown", "a.example")
    assert (early.size, _origins(early)) == (1, {"a.example": 1})
    cluster = log.add("a")
    assert (cluster.canonical.state, cluster.size) == ("standing", 2)


def test_revisions_are_no_members_of_their_own(log: Log) -> None:
    log.add("a")
    cluster = log.add("a", "revision", revision=2)
    assert (cluster.size, cluster.members[0].revision) == (1, 2)
    assert cluster.first_seen != cluster.last_seen
    assert cluster.members[0].first_seen == cluster.first_seen


def test_a_retracted_canonical_article_stays_and_is_not_replaced(log: Log) -> None:
    log.add("a")
    log.add("b", "near", of="a")
    cluster = log.add("a", "retraction", revision=2, publisher="")
    assert (cluster.canonical.article_id, cluster.canonical.state) == ("a", "retracted")
    assert (cluster.size, cluster.withdrawn) == (1, 1)
    assert [member.role for member in cluster.members] == ["copy"]
    assert cluster.canonical.publisher == "a.example"
    again = log.add("a", "revision", revision=3)
    assert (again.canonical.state, again.size, again.withdrawn) == ("standing", 2, 0)


def test_a_canonical_article_that_became_a_dead_letter_is_void_and_not_replaced(log: Log) -> None:
    verdict = log.verdict("a")
    log.append(log.decided(verdict))
    log.add("b", "near", of="a")
    (cluster,) = log.append(Lost(verdict=verdict, ingested_at_ms=START))
    assert (cluster.canonical.state, cluster.size, cluster.cause) == ("void", 1, Cause("void", ArticleId("a")))
    assert [member.role for member in cluster.members] == ["copy"]
    assert _origins(cluster) == {"a.example": 1}


def test_a_lower_revision_that_comes_late_changes_no_published_state(log: Log) -> None:
    log.add("a")
    log.add("a", "retraction", revision=3)
    cluster = log.add("a", "revision", revision=2)
    assert (cluster.canonical.state, cluster.size, cluster.withdrawn) == ("retracted", 0, 1)


def test_a_cluster_without_members_is_described(log: Log) -> None:
    verdict = log.verdict("a")
    log.append(log.decided(verdict))
    (cluster,) = log.append(Lost(verdict=verdict, ingested_at_ms=START))
    assert (cluster.size, cluster.publishers.count, cluster.origins.count) == (0, 0, 0)
    assert (cluster.members, cluster.first_seen, cluster.last_seen) == ((), None, None)


def test_a_voided_version_leaves_the_one_before(log: Log) -> None:
    log.add("a")
    revision, retraction = log.verdict("a", "revision", revision=2), log.verdict("a", "retraction", revision=3)
    log.append(log.decided(revision))
    (cluster,) = log.append(Lost(verdict=revision, ingested_at_ms=START))
    assert (cluster.canonical.state, cluster.members[0].revision) == ("standing", 1)
    log.append(log.decided(retraction))
    (cluster,) = log.append(Lost(verdict=retraction, ingested_at_ms=START))
    assert (cluster.canonical.state, cluster.size, cluster.withdrawn) == ("standing", 1, 0)


def test_languages_are_what_publishers_declare(log: Log) -> None:
    log.append(log.decided(log.verdict("a"), language="pt-BR"))
    log.append(log.decided(log.verdict("b", "near", of="a")))
    (cluster,) = log.append(log.decided(log.verdict("c", "near", of="a"), language="en"))
    assert cluster.languages == ("en", "pt-BR")


def test_an_event_is_named_by_lane_cluster_and_version(log: Log) -> None:
    change = ClusterChange(
        cluster_id=ClusterId("c-a"),
        version=7,
        supersedes=None,
        cause=Cause("unique", ArticleId("a")),
        ingested_at_ms=START,
        memberships=(),
    )
    event = cluster_event(change, ClusterParams(), lane="old", pipeline_version="1")
    assert event.id == event_id("old", "c-a", 7, EVENT_TYPE, "1")
    assert event.time == "2026-09-21T14:13:20.000Z"
    other = cluster_event(replace(change, version=8), ClusterParams(), lane="old", pipeline_version="1")
    assert other.id != event.id


def test_the_canonical_article_takes_one_of_the_listed_places(log: Log) -> None:
    log.add("a")
    for copy in "bcd":
        cluster = log.add(copy, "near", of="a")
    change = ClusterChange(
        cluster_id=ClusterId("c-a"),
        version=cluster.version,
        supersedes=None,
        cause=cluster.cause,
        ingested_at_ms=START,
        memberships=log.clusters.memberships(ClusterId("c-a")),
    )
    for limit, listed in ((1, "a"), (2, "ad"), (3, "acd"), (4, "abcd"), (9, "abcd")):
        members = describe(change, ClusterParams(max_members=limit)).members
        assert "".join(member.article_id for member in members) == listed


def test_the_first_credit_of_a_text_is_its_origin(log: Log) -> None:
    log.add("a", credit="afp.com")
    cluster = log.add("b", "near", of="a", credit="reuters.com")
    assert _origins(cluster) == {"afp.com": 2}
