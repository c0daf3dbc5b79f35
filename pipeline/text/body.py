"""From an article's clean lines to its own paragraphs, the same for texts and pages."""

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
    """Headline and paragraphs, whom the text credits, and the lines above it that state its authors and date."""

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
    """Take the title, boilerplate and bylines out of an article's lines.

    Args:
        lines: The article's clean lines.
        title: The headline, if it is known; otherwise the first line may be one.
        authors: Clean bylines, which may credit an agency.
        own_domain: The publisher's registrable domain.
        params: Limits and thresholds.
    """
    trimmed = trim_boilerplate(lines, params.boilerplate_line_chars, titled=title is not None)
    kept = trimmed.lines
    if title is None:
        title = first_line_title(kept, params.title_line_chars)
    # A text that consists of its title alone stays.
    above = take_byline_lines(without_title(kept, title, params.title_line_chars) or kept)
    paragraphs = above.remaining
    # Credits stand at both ends. At the end of the text they may have been trimmed with the boilerplate, so they are
    # looked for in the untrimmed lines; the dateline is at the beginning of the trimmed text.
    credited = [*paragraphs[:1], *lines[1:]] if paragraphs else lines
    signed = [*authors, above.byline] if above.byline is not None else authors
    attribution = attribute(credited, title, signed, trimmed.source_link, own_domain)
    return Body(title, paragraphs, attribution, above.byline, above.date)
