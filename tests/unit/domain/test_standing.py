"""What an event makes of the state of its article."""

from typing import get_args

import pytest

from pipeline.domain.article import Dedup, DuplicateArticle, EnrichedArticle, Event, EventType, Provenance, Quality
from pipeline.domain.ids import ArticleId, EventId, cluster_id
from pipeline.domain.standing import standing_after
from pipeline.domain.verdict import HeldBackKind, VerdictKind

NAME = ArticleId("a")
TIME = "2026-11-23T00:00:00.000Z"


def _event(kind: EventType, value: EnrichedArticle | DuplicateArticle) -> Event:
    return Event(id=EventId("e"), type=kind, article_id=NAME, time=TIME, revision=2, observed_at=TIME, value=value)


def _parts(kind: VerdictKind) -> dict[str, object]:
    return {
        "id": NAME,
        "ingested_at": TIME,
        "revision": 2,
        "dedup": Dedup(kind=kind, cluster_id=cluster_id(NAME), canonical_id=NAME, method="article_id", window_secs=1),
        "quality": Quality(score=1.0),
        "provenance": Provenance(topic="t", partition=0, offset=1, content_sha256=""),
    }


@pytest.mark.parametrize(
    ("kind", "action", "standing"),
    [
        ("unique", "add", "stands"),
        ("revision", "replace", "stands"),
        ("promoted", "add", "stands"),
        ("near", "add", "stands"),  # where copies are published
        ("retraction", "delete", "gone"),
        ("retracted_copy", "delete", "gone"),
    ],
)
def test_a_published_event_is_the_state_unless_it_withdraws(kind: VerdictKind, action: str, standing: str) -> None:
    value = EnrichedArticle(action=action, **_parts(kind))  # type: ignore[arg-type]  # the parts of both values
    assert standing_after(_event("news.article.enriched.v1", value)) == standing


@pytest.mark.parametrize("kind", get_args(HeldBackKind))
def test_what_is_held_back_ends_the_state_if_it_is_the_newest_version(kind: HeldBackKind) -> None:
    value = DuplicateArticle(**_parts(kind))  # type: ignore[arg-type]  # the parts of both values
    expected = "as_before" if kind in {"repeat", "stale", "refused_retraction"} else "gone"
    assert standing_after(_event("news.article.duplicate.v1", value)) == expected
