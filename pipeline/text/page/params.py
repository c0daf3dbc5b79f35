"""Thresholds and limits of page extraction.

Unless a field states otherwise, shares and lengths were tuned on article-extraction-benchmark and on one half of
trafilatura_eval (docs/extraction.md). Limits on work lie above what the real pages of these sets need; they are counts,
so that the result does not depend on the machine. Lengths are in characters.
"""

from typing import Final

from msgspec import Struct

__all__ = [
    "PAGE_PARAMS",
    "ContainerParams",
    "ContentParams",
    "FallbackParams",
    "GuardParams",
    "LeadParams",
    "MetadataParams",
    "PageParams",
]


class ContainerParams(Struct, frozen=True, kw_only=True):
    """How the element that holds the article is chosen; "all text" is the running text of the page without links."""

    min_paragraph_chars: int = 25
    """A shorter paragraph may be anything and does not count."""
    min_loose_chars: int = 60
    """Text directly in a div or similar counts from this length; shorter text is a label."""
    container_share: float = 0.6
    """The article's element holds at least this share of all text; an element with less is one part of several."""
    named_share: float = 0.25
    """The same for an element whose name or `itemprop` states that it is the article's body."""
    named_part_share: float = 0.1
    """Some sites cut the body into several named elements: each of them has at least this share of all text."""
    complete_share: float = 0.75
    """A named element with this share of all text is the whole body, even if there are further named elements."""
    same_text_share: float = 0.9
    """An inner element with this share of the outer one's text replaces it without loss."""
    min_remaining_share: float = 0.3
    """If excluding by name leaves less than this share, names mean something else on the site and are ignored."""
    max_link_share: float = 0.5
    """A paragraph with this share of its characters in links does not count."""
    wrapper_share: float = 0.5
    """An element named as boilerplate that holds this share of the text is a wrapper ("has-sidebar")."""
    separate_wrapper_share: float = 0.85
    """The same for an element named as separate content, such as comments: these can outweigh a short article."""
    hidden_share: float = 0.2
    """Hidden text below this share is a dialogue or a note and is excluded; more is tabs or a part to be unfolded."""
    max_ancestors: int = 60
    """Levels of ancestors for which a block counts; a limit on work."""
    max_reads: int = 6
    """Times the page's text is read: quotations in quotations are read once for each level. Real pages need under 2."""


class ContentParams(Struct, frozen=True, kw_only=True):
    """Which blocks of the container become lines of the text."""

    block_link_share: float = 0.5
    """A list item, quotation or other block that is no paragraph is dropped with a greater share of links."""
    link_line_share: float = 0.8
    """A paragraph with a greater share of links, if it is also short, refers to another page and is dropped."""
    link_line_chars: int = 200
    """Paragraphs from this length on are kept whatever their links."""
    max_headlines: int = 5
    """First-level headings read."""
    max_steps: int = 60_000
    """Nodes visited in the container; a limit on work."""
    max_depth: int = 40
    """Depth to which blocks are searched for blocks within them: each search reads everything below the element."""


class LeadParams(Struct, frozen=True, kw_only=True):
    """What counts as the lead above the text."""

    min_chars: int = 30
    """Shorter lines are labels or dates."""
    max_chars: int = 700
    """Longer lines are text."""
    max_link_share: float = 0.3
    description_chars: int = 40
    """A line that shares this many first characters with the page's description is the lead."""
    max_parents: int = 2
    """Levels of ancestors whose names are looked at, and within which a header must stand."""
    max_read_chars: int = 200_000
    """Headings within headings are read once for each level, up to this; real pages have less above their text."""


class MetadataParams(Struct, frozen=True, kw_only=True):
    """Limits of what is read of a page's metadata."""

    max_json_ld_blocks: int = 12
    max_json_ld_chars: int = 1_000_000
    """A longer block is not parsed."""
    max_json_ld_nodes: int = 400
    """Items of a block, and of a list in it, that are looked at."""
    max_compared_chars: int = 500
    """Characters of a title compared with a headline of the JSON-LD."""
    max_times: int = 3
    """`<time>` elements of each kind that are tried."""
    max_properties: int = 150
    """Elements with `itemprop`; real articles have fewer, but comments below them may be marked up as well."""
    max_property_chars: int = 500
    """A property is cut to this length."""
    max_property_read_chars: int = 200_000
    """Properties within properties are read once for each level, up to this; the wanted ones are short."""
    max_ancestors: int = 40
    """Levels of ancestors searched for a comment or other separate content."""
    max_bylines: int = 3
    """Bylines that are tried."""
    max_byline_chars: int = 120
    """A longer byline is a biography."""
    max_pictures: int = 3
    min_picture_pixels: int = 200
    """Icons, counting pixels and portraits are narrower."""
    max_width_digits: int = 5
    """A picture with a longer width is kept without reading the number."""


class FallbackParams(Struct, frozen=True, kw_only=True):
    """When a page is extracted a second time in the generous mode, and when that text is better.

    Tuned on one half of the pages of trafilatura_eval and article-extraction-benchmark.
    """

    min_page_share: float = 0.5
    """A text with a smaller share of the page's paragraphs may be the wrong part."""
    min_chars: int = 400
    """A shorter text may be a part of the article."""
    min_gain: float = 1.5
    """The generous text is better if it is more than this many times as long."""
    sure_page_share: float = 0.7
    """A strict text with this share of the page's paragraphs is kept, unless it is shorter than `sure_chars`."""
    sure_chars: int = 150


class GuardParams(Struct, frozen=True, kw_only=True):
    """Sizes up to which a check is skipped, because the page cannot take the parser long."""

    min_tags_formatting: int = 2500
    """Tags; half of them open before the other half make 1,250 squared elements, about `max_reopened`."""
    min_tags_nesting: int = 8000
    """Tags; 8,000 squared are 64 million steps, fewer than `max_stack_steps`."""
    min_chars_attributes: int = 80_000
    """Characters; a shorter page holds some 20,000 different attributes at most: half a second of the parser."""


class PageParams(Struct, frozen=True, kw_only=True):
    """All thresholds and limits of page extraction."""

    guard: GuardParams = GuardParams()
    metadata: MetadataParams = MetadataParams()
    container: ContainerParams = ContainerParams()
    content: ContentParams = ContentParams()
    lead: LeadParams = LeadParams()
    fallback: FallbackParams = FallbackParams()
    teaser_chars: int = 1200
    """What a page shows of an article that is not free is shorter than this."""


PAGE_PARAMS: Final = PageParams()
"""The values in use."""
