"""What is put on the log of verdicts about an article."""

from pipeline.domain.article import Article, Attribution
from pipeline.domain.verdict import Decided, Lost, Verdict

__all__ = ["decided", "lost"]


def decided(article: Article, verdict: Verdict) -> Decided:
    """Return the record of a verdict with what it takes to cluster by it; a function of the two alone."""
    return Decided(
        verdict=verdict,
        ingested_at_ms=article.signature.ingested_at_ms,
        url=article.canonical_url or article.url,
        publisher=article.publisher.site if article.publisher is not None else "",
        credit=_credit(article.attribution),
        language=article.language_hint,
        undated=article.signature.undated,
    )


def lost(article: Article, verdict: Verdict) -> Lost:
    """Return the record that says that this version never came out."""
    signature = article.signature
    return Lost(verdict=verdict, ingested_at_ms=signature.ingested_at_ms, undated=signature.undated)


def _credit(attribution: Attribution | None) -> str:
    """Return whom the text credits, by domain where there is one: as an article of theirs names its publisher."""
    if attribution is None:
        return ""
    return attribution.source_domain or attribution.agency or attribution.source_name or ""
