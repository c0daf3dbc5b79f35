"""From an event to the sketch that the fold of stories reads."""

from typing import Literal

from msgspec import Struct

from pipeline.domain.article import Publisher
from pipeline.domain.ids import ArticleId, ClusterId
from pipeline.domain.sketch import Sketch, Term
from pipeline.domain.subject import TextVector
from pipeline.domain.times import to_epoch_ms
from pipeline.stories.params import SketchParams
from pipeline.stories.terms import weighted_terms

__all__ = ["Reported", "sketch_of"]

_DEFAULTS = SketchParams()


class _Dedup(Struct, frozen=True):
    cluster_id: ClusterId


class _Language(Struct, frozen=True):
    tag: str


class _Subject(Struct, frozen=True):
    code: str
    parent: str | None = None


class Reported(Struct, frozen=True, kw_only=True):
    """What is read of an event: a part of EnrichedArticle, so that events of other releases are read too."""

    id: ArticleId
    revision: int
    action: Literal["add", "replace", "delete"]
    ingested_at: str
    dedup: _Dedup
    headline: str = ""
    body: str = ""
    publisher: Publisher | None = None
    language: _Language | None = None
    subjects: tuple[_Subject, ...] = ()
    vector: TextVector | None = None


def sketch_of(article: Reported, params: SketchParams = _DEFAULTS) -> Sketch:
    """Return the sketch of one version of an article; of a withdrawn one, only what identifies it.

    Raises:
        ValueError: `ingested_at` is no instant.
    """
    is_withdrawn = article.action == "delete"
    language = article.language.tag if article.language is not None else ""
    publisher = article.publisher
    terms = {} if is_withdrawn else weighted_terms(article.headline, article.body, language or None, params)
    return Sketch(
        article_id=article.id,
        revision=article.revision,
        action=article.action,
        ingested_at_ms=to_epoch_ms(article.ingested_at),
        cluster_id=article.dedup.cluster_id,
        headline=article.headline[: params.headline_chars],
        publisher=publisher.site if publisher is not None else "",
        country=(publisher.country or "") if publisher is not None else "",
        language=language,
        subjects=tuple(subject.code for subject in article.subjects if subject.parent is None),
        terms=tuple(Term(text, weight) for text, weight in terms.items()),
        vector=article.vector,
    )
