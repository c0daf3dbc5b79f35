"""From an event to the sketch that the fold of stories reads."""

from pipeline.domain.article import EnrichedArticle
from pipeline.domain.sketch import Sketch, Term
from pipeline.domain.times import to_epoch_ms
from pipeline.stories.params import SketchParams
from pipeline.stories.terms import weighted_terms

__all__ = ["sketch_of"]

_DEFAULTS = SketchParams()


def sketch_of(article: EnrichedArticle, params: SketchParams = _DEFAULTS) -> Sketch:
    """Return the sketch of one version of an article; of a withdrawn one, only what identifies it."""
    identity = {
        "article_id": article.id,
        "revision": article.revision,
        "action": article.action,
        "ingested_at_ms": to_epoch_ms(article.ingested_at),
        "cluster_id": article.dedup.cluster_id,
    }
    if article.action == "delete":
        return Sketch(**identity)  # type: ignore[arg-type]  # as the fields are named
    language = article.language.tag if article.language is not None else ""
    publisher = article.publisher
    terms = weighted_terms(article.headline, article.body, language or None, params)
    return Sketch(
        **identity,  # type: ignore[arg-type]
        headline=article.headline[: params.headline_chars],
        publisher=publisher.site if publisher is not None else "",
        country=(publisher.country or "") if publisher is not None else "",
        language=language,
        subjects=tuple(subject.code for subject in article.subjects if subject.parent is None),
        terms=tuple(Term(text, weight) for text, weight in terms.items()),
        vector=article.vector,
    )
