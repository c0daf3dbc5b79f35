"""Records of news.verdicts.v1, made from an article and its verdict."""

from pipeline.domain.article import Article, Attribution
from pipeline.domain.verdict import Decided, Lost, Verdict

__all__ = ["decided", "lost"]


def decided(article: Article, verdict: Verdict) -> Decided:
    """Return the record of a verdict with the fields of the article that clustering needs."""
    return Decided(
        verdict=verdict,
        ingested_at_ms=article.signature.ingested_at_ms,
        url=article.canonical_url or article.url,
        publisher=article.publisher.site if article.publisher is not None else "",
        credit=_credit(article.attribution),
        language=article.language_hint,
        undated=article.signature.undated,
        published_at_ms=article.signature.published_at_ms,
    )


def lost(article: Article, verdict: Verdict) -> Lost:
    """Return the record that voids a verdict, because its article became a dead letter."""
    signature = article.signature
    return Lost(verdict=verdict, ingested_at_ms=signature.ingested_at_ms, undated=signature.undated)


def _credit(attribution: Attribution | None) -> str:
    """Return whom the text credits, preferably by domain, because articles of that outlet name their publisher so."""
    if attribution is None:
        return ""
    return attribution.source_domain or attribution.agency or attribution.source_name or ""
