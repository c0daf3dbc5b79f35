"""What makes an article the same article: the URL it was fetched from, the id its producer gave it, or its content.

The algorithm is frozen: another one would make every known article a new one. A change is a new `_VERSION` and a
migration.
"""

from collections.abc import Iterable

from pipeline.domain.ids import ArticleId, digest_hex
from pipeline.text.urls import canonical_url, url_key

__all__ = ["article_id", "canonical_url"]

_VERSION = "1"


def article_id(
    *,
    canonical: str | None = None,
    given_id: str | None = None,
    source: str | None = None,
    content: Iterable[str] = (),
) -> ArticleId | None:
    """Name an article by its canonical URL, or else by its producer's id, or else its content, within its source.

    Returns None without any of them, or for content without a source. `canonical` is `canonical_url(fetched URL)`: what
    a page says of itself (rel=canonical) never decides identity, because a producer must be able to key a record
    without parsing the page. Content counts as it came, but for white space, for the same reason. An article named by
    its content has no revisions: another text is another article.
    """
    if canonical is not None:
        return ArticleId(digest_hex("article", _VERSION, "url", url_key(canonical)))
    if given_id is not None:
        return ArticleId(digest_hex("article", _VERSION, "id", source or "", given_id))
    texts = [" ".join(text.split()) for text in content]
    if source is not None and any(texts):
        return ArticleId(digest_hex("article", _VERSION, "content", source, *texts))
    return None
