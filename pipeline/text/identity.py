"""The id of an article, made of the URL it was fetched from, or its producer's id, or its content.

The algorithm is frozen: another one would make every known article a new one. A change needs a new `_VERSION` and a
migration.
"""

from collections.abc import Iterable

from pipeline.domain.ids import ArticleId, digest_hex
from pipeline.text.urls import url_key

__all__ = ["article_id"]

_VERSION = "1"


def article_id(
    *,
    canonical: str | None = None,
    given_id: str | None = None,
    source: str | None = None,
    content: Iterable[str] = (),
) -> ArticleId | None:
    """Return the id of an article, by the first of URL, producer's id and content that is given.

    Args:
        canonical: `canonical_url` of the URL that was fetched. What a page states as its URL (rel=canonical) never
            decides identity, because a producer must be able to key a record without parsing the page.
        given_id: The producer's id, unique within its source.
        source: The configured source, without which content makes no id.
        content: Title, page and text as they came, except for white space, for the same reason. An article that is
            identified by its content has no revisions: another text is another article.

    Returns:
        The id; None where nothing identifies the article.
    """
    if canonical is not None:
        return ArticleId(digest_hex("article", _VERSION, "url", url_key(canonical)))
    if given_id is not None:
        return ArticleId(digest_hex("article", _VERSION, "id", source or "", given_id))
    texts = [" ".join(text.split()) for text in content]
    if source is not None and any(texts):
        return ArticleId(digest_hex("article", _VERSION, "content", source, *texts))
    return None
