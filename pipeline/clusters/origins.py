"""Independent origins of a story: by credits, stated publication times, or the order of arrival."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, get_args

from msgspec import Struct

from pipeline.clusters.memberships import RETRACTIONS, Membership, Memberships
from pipeline.clusters.params import ClusterParams
from pipeline.domain.cluster import Origins, TextEvidence, TextOrigin
from pipeline.domain.ids import ArticleId, article_of
from pipeline.domain.verdict import COPIES

__all__ = ["StoryArticle", "origins", "top"]

_STRENGTH: Final[tuple[TextEvidence, ...]] = get_args(TextEvidence)
_MINUTE_MS: Final = 60_000


class StoryArticle(Struct, frozen=True):
    """An article of the cluster: its memberships that have not ended, at least one, lowest revision first."""

    versions: Memberships

    @property
    def last(self) -> Membership:
        """The membership of its newest version."""
        return self.versions[-1]

    @property
    def text(self) -> str:
        """The name of the article whose text it has."""
        return self.last.text or self.last.article_id

    @property
    def is_promoted(self) -> bool:
        """Whether it was published in place of another one."""
        return self.last.kind not in COPIES and any(member.kind == "promoted" for member in self.versions)

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was retracted."""
        return self.last.kind in RETRACTIONS


def origins(articles: Sequence[StoryArticle], memberships: Memberships, params: ClusterParams) -> Origins:
    """Count the independent origins of a story.

    A text and its copies have one origin: the outlet that the text or one of its copies credits, so that all copies of
    the reports of an agency count as that agency. Without a credit, the origin is the publisher that states the
    earliest publication, if the first one to arrive states a time too; otherwise the publisher of that. Other articles
    on the same story have origins of their own.

    Args:
        articles: The standing articles.
        memberships: All memberships of the cluster.
        params: Bounds of the list, and of times that are compared.
    """
    promoted = {member.article_id: member.text for member in memberships if member.kind == "promoted"}
    texts = [_root(article.text, promoted) for article in articles]
    credited: dict[str, str] = {}
    for article, text in zip(articles, texts, strict=True):
        if article.last.credit:
            credited.setdefault(text, article.last.credit)
    standing = {article.last.article_id for article in articles}
    published = _published(memberships, standing, promoted, params)
    found: Counter[str] = Counter()
    evidence: dict[str, TextEvidence] = {}
    for text in texts:
        name, by = published.get(text, (text, "arrival"))
        if text in credited:
            name, by = credited[text], "credit"
        found[name] += 1
        evidence[name] = min(by, evidence.get(name, by), key=_STRENGTH.index)
    listed = tuple(TextOrigin(name, count, evidence[name]) for name, count in top(found, params.max_listed))
    return Origins(count=len(found), top=listed)


def _published(
    memberships: Memberships, standing: AbstractSet[ArticleId], promoted: Mapping[ArticleId, str], params: ClusterParams
) -> dict[str, tuple[str, TextEvidence]]:
    """Return who published each text first, and what shows it."""
    first = {member.text: member.text_publisher for member in memberships if member.text_publisher}
    first |= {
        member.text or member.article_id: member.publisher
        for member in memberships
        if member.publisher and member.is_original
    }
    stated: dict[str, dict[str, int]] = {}
    for member in memberships:
        at_ms = _stated_ms(member, params)
        counts = member.is_original or member.article_id in standing
        if at_ms is not None and member.publisher and counts and not member.ended and member.kind not in RETRACTIONS:
            times = stated.setdefault(_root(member.text or member.article_id, promoted), {})
            times[member.publisher] = min(at_ms, times.get(member.publisher, at_ms))
    found: dict[str, tuple[str, TextEvidence]] = {}
    for text, publisher in first.items():
        times = stated.get(text, {})
        found[text] = publisher, "arrival"
        if publisher in times and len(times) > 1:
            earliest = min(times, key=lambda name: (times[name], name))
            apart_ms = times[publisher] - times[earliest]
            found[text] = earliest if apart_ms >= params.published_apart_secs * 1000 else publisher, "published_at"
    return found


def _stated_ms(member: Membership, params: ClusterParams) -> int | None:
    """Return the stated publication time, in whole minutes, if it is from shortly before the article arrived."""
    age_ms = member.ingested_at_ms - member.published_at_ms
    if not member.published_at_ms or not 0 <= age_ms <= params.stated_within_secs * 1000:
        return None
    return member.published_at_ms // _MINUTE_MS * _MINUTE_MS


def _root(text: str, promoted: Mapping[ArticleId, str]) -> str:
    """Return the article that had a text first, from those in whose place copies were published."""
    seen: set[str] = set()
    while article_of(text) in promoted and text not in seen:
        seen.add(text)
        text = promoted[article_of(text)]
    return text


def top(counts: Counter[str], limit: int) -> list[tuple[str, int]]:
    """Return the names that occur most often, with their counts."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
