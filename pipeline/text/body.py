"""From raw lines to an article's own paragraphs: the part that text and pages share."""

from collections.abc import Sequence

from msgspec import Struct

from pipeline.domain.article import Attribution
from pipeline.text.attribution import attribute
from pipeline.text.boilerplate import trim_boilerplate
from pipeline.text.byline_lines import take_byline_lines
from pipeline.text.params import IngestParams
from pipeline.text.titles import first_line_title, without_title

__all__ = ["Body", "clean_body"]


class Body(Struct, frozen=True):
    """Headline and paragraphs, and whom the text credits."""

    title: str | None
    paragraphs: list[str]
    attribution: Attribution | None
    byline: str | None = None
    date: str | None = None


def clean_body(
    lines: Sequence[str],
    title: str | None,
    authors: Sequence[str],
    own_domain: str | None,
    params: IngestParams,
) -> Body:
    """Take title, boilerplate and credits out of cleaned lines; without a title, the first line may be one."""
    trimmed = trim_boilerplate(lines, params.boilerplate_line_chars, titled=title is not None)
    kept = trimmed.lines
    if title is None:
        title = first_line_title(kept, params.title_line_chars)
    # A text that is nothing but its title stays.
    head = take_byline_lines(without_title(kept, title, params.title_line_chars) or kept)
    paragraphs = head.lines
    # Credits stand at the edges, where boilerplate stood too: look at the untrimmed tail, but at the text's own head.
    credited = [*paragraphs[:1], *lines[1:]] if paragraphs else lines
    signed = [*authors, head.byline] if head.byline is not None else authors
    attribution = attribute(credited, title, signed, trimmed.source_link, own_domain)
    return Body(title, paragraphs, attribution, head.byline, head.date)
