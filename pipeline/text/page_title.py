"""Which of a page's titles is the article's headline."""

from pipeline.text.labels import one_line
from pipeline.text.page.extract import Page
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.params import IngestParams
from pipeline.text.titles import agrees, is_site_name, without_site_name

__all__ = ["page_title"]

# Titles are cut before they are looked at; so many times the longest headline leaves room for the site's name.
_HEADLINES_READ = 4


def page_title(page: Page, domain: str | None, params: IngestParams) -> str | None:
    """Choose among the page's titles: its h1 where another title agrees, else the first claim, else <title>."""
    meta = page.metadata
    longest = _HEADLINES_READ * params.max_headline_chars
    claims = [title for claim in meta.titles[:6] if (title := one_line(claim[:longest])) is not None]
    stated = one_line(page.title[:longest]) if page.title is not None else None
    names = _site_names(meta, domain)
    headlines = [
        headline
        for shown in page.main.headlines
        if (headline := one_line(shown[:longest])) is not None and not is_site_name(headline, names)
    ]
    for headline in headlines:
        if any(agrees(headline, claim) for claim in [*claims, stated or ""]):
            return headline
    title = claims[0] if claims else stated or next(iter(headlines), None)
    return without_site_name(title, names) if title is not None else None


def _site_names(meta: PageMetadata, domain: str | None) -> list[str]:
    return [name for name in (meta.site_name, meta.publisher, domain, (domain or "").split(".")[0]) if name]
