"""Records of the topics that the search service reads, made without the pipeline."""

from typing import Any

import orjson

from pipeline.domain.record import Record

__all__ = ["ARTICLES", "CLUSTERS", "cluster", "enriched", "standing", "withdrawal"]

ARTICLES, CLUSTERS = "news.articles.current.v1", "news.clusters.v1"


def enriched(article_id: str, headline: str, body: str = "", language: str = "en", **fields: Any) -> dict[str, Any]:
    """Return the value of an enriched article; `cluster_id` of `fields` is that of its block `dedup`."""
    cluster_id = fields.pop("cluster_id", f"c-{article_id}")
    return {
        "id": article_id,
        "url": f"https://gazette.example/{article_id}",
        "headline": headline,
        "body": body,
        "publisher": {"id": "gazette.example", "name": "The Gazette"},
        "ingested_at": "2026-11-29T12:00:00.000Z",
        "revision": 1,
        "action": "add",
        "language": {"tag": language, "confidence": 0.99, "reliable": True, "method": "cld2"},
        "dedup": {"kind": "unique", "cluster_id": cluster_id, "canonical_id": article_id, "method": "new"},
        "quality": {"score": 0.9},
        **fields,
    }


def standing(article_id: str, headline: str, body: str = "", language: str = "en", **fields: Any) -> Record:
    """Return the record of a standing article."""
    value = enriched(article_id, headline, body, language, **fields)
    return Record(ARTICLES, 0, 0, 0, article_id.encode(), orjson.dumps(value))


def withdrawal(article_id: str) -> Record:
    """Return the record of an article that stands no more."""
    return Record(ARTICLES, 0, 0, 0, article_id.encode(), None)


def cluster(cluster_id: str, size: int, *publishers: str) -> Record:
    """Return the record of a cluster."""
    top = [{"name": name, "articles": 1} for name in publishers]
    value = {
        "cluster_id": cluster_id,
        "version": 1,
        "size": size,
        "publishers": {"count": len(publishers), "top": top},
    }
    return Record(CLUSTERS, 0, 0, 0, cluster_id.encode(), orjson.dumps(value))
