"""Thresholds and limits of page extraction.

Unless a field states otherwise, shares and lengths were tuned on article-extraction-benchmark and on one half of
trafilatura_eval (docs/extraction.md). Limits on work lie above what the real pages of these sets need; they are counts,
so that the result does not depend on the machine. Lengths are in characters.
"""

from typing import Final

from msgspec import Struct

__all__ = [
    "PAGE_PARAMS",
    "BesideParams",
    "ContainerParams",
    "ContentParams",
    "FallbackParams",
    "GuardParams",
    "LeadParams",
    "MetadataParams",
    "NearDateParams",
    "OtherArticleParams",
    "PageParams",
    "ProseParams",
    "TeaserParams",
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


class ProseParams(Struct, frozen=True, kw_only=True):
    """What counts as running text. Set by hand."""

    min_width: int = 60
    """A narrower block may be a label, a caption or a line of a list; in letters of an alphabet."""
    extra_width: int = 2
    """A Chinese, Japanese or Korean character is this much wider than a letter."""
    max_link_share: float = 0.3
    """A block with a greater share of links refers to other pages."""


class BesideParams(Struct, frozen=True, kw_only=True):
    """What beside the chosen element belongs to the article as well. Set by hand, tried on all sets of pages."""

    max_levels: int = 4
    """Levels above the chosen element whose other children are looked at."""
    min_paragraphs: int = 2
    """An element beside it that looks unlike it has at least so many paragraphs of running text."""
    prose_share: float = 0.7
    """Share of an element's text that is running text, if it belongs to the article."""
    named_share: float = 0.2
    """An element with the page's headline and this share of its text is no boilerplate, whatever its name."""


class OtherArticleParams(Struct, frozen=True, kw_only=True):
    """When elements count as articles of their own. Set by hand, tried on all sets of pages."""

    min_share: float = 0.1
    """Share of the page's text that each holds; less is a teaser."""
    min_articles: int = 2
    max_candidates: int = 30
    """Elements and first-level headings looked at."""
    max_titles: int = 3
    max_title_chars: int = 300
    """Characters of a title or headline that are compared."""
    min_title_chars: int = 6
    """A shorter headline, in letters and digits, may be contained in any title."""


class TeaserParams(Struct, frozen=True, kw_only=True):
    """When the items of a list are teasers. Set by hand, tried on all sets of pages."""

    min_items: int = 2
    max_items: int = 12
    """Items looked at; the others are like them."""
    min_title_chars: int = 12
    max_chars: int = 500
    """A longer item is text."""


class ContentParams(Struct, frozen=True, kw_only=True):
    """Which blocks of the container become lines of the text."""

    block_link_share: float = 0.5
    """A list item, quotation or other block that is no paragraph is dropped with a greater share of links."""
    link_line_share: float = 0.8
    """A paragraph with a greater share of links, if it is also short, refers to another page and is dropped."""
    link_line_chars: int = 200
    """Paragraphs from this length on are kept whatever their links."""
    text_chars: int = 80
    """A first-level heading before the first line of this length is the headline; below it, a part of the text."""
    headline_chars: int = 200
    """A longer first-level heading is text."""
    max_headlines: int = 5
    """First-level headings read."""
    max_other_headings: int = 5
    """Other headings of each kind read where there are none of the first level. Set by hand."""
    min_heading_chars: int = 15
    """A shorter one of these is the name of a section or site. Set by hand."""
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
    max_place_chars: int = 25
    """Characters that may stand before them: the place from where is reported. Set by hand."""
    max_parents: int = 2
    """Levels of ancestors whose names are looked at, and within which a header must stand."""
    max_read_chars: int = 200_000
    """Headings within headings are read once for each level, up to this; real pages have less above their text."""


class MetadataParams(Struct, frozen=True, kw_only=True):
    """Limits of what is read of a page's metadata."""

    max_json_ld_blocks: int = 12
    max_json_ld_chars: int = 1_000_000
    """A longer block is not parsed."""
    max_mended_chars: int = 200_000
    """A longer block is not mended; blocks of articles have 2,000 to 20,000. A limit on work, set by hand."""
    max_json_ld_nodes: int = 400
    """Items of a block, and of a list in it, that are looked at."""
    max_compared_chars: int = 500
    """Characters of a title compared with a headline of the JSON-LD."""
    max_times: int = 8
    """`<time>` elements of each kind that are tried: some pages show those of a ticker first. Set by hand."""
    max_date_levels: int = 5
    """Levels of ancestors of the headline in which an element named after a date is looked for. Set by hand."""
    max_named_dates: int = 40
    """Such elements that are tried at each level; a limit on work."""
    max_card_chars: int = 400
    """An element with a linked heading and no more text than this is the card of another story. Set by hand."""
    max_properties: int = 150
    """Elements with `itemprop`; real articles have fewer, but comments below them may be marked up as well."""
    max_property_chars: int = 500
    """A property is cut to this length."""
    max_property_read_chars: int = 200_000
    """Properties within properties are read once for each level, up to this; the wanted ones are short."""
    max_ancestors: int = 40
    """Levels of ancestors searched for a comment or other separate content."""
    max_bylines: int = 8
    """Bylines that are tried."""
    max_byline_chars: int = 120
    """A longer byline is a biography."""
    max_pictures: int = 3
    max_picture_chars: int = 2000
    """A longer address is not looked at; pictures can be written out in addresses."""
    max_own_pictures: int = 12
    """Pictures on the page that are named logos and that are compared with those of its article. Set by hand."""
    min_picture_pixels: int = 200
    """Icons, counting pixels and portraits are narrower."""
    max_width_digits: int = 5
    """A longer width is not read."""


class NearDateParams(Struct, frozen=True, kw_only=True):
    """What near a headline is its date where no element is named after one. Set by hand."""

    max_texts: int = 120
    """Texts behind the headline that are looked at; a limit on work."""
    max_texts_above: int = 8
    """Texts before it."""
    max_prose_chars: int = 90
    """A longer text is the article's."""
    max_line_chars: int = 90
    """A longer line is no date line."""
    max_words: int = 9
    """Words in it, numbers apart;"""
    max_words_behind: int = 4
    """the same below the text, where other stories are."""
    earliest_ms: int = 631_152_000_000
    """Milliseconds since 1970 of the beginning of 1990: an earlier date is of what is written about."""


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
    """What elements weigh, and which pages are ordinary: those that surely do not take the parser long."""

    element_bytes: int = 240
    """Memory of an element that is made again, without attributes: 222 bytes measured in lexbor."""
    attribute_bytes: int = 200
    """Memory of an attribute that is made again, without its value: 192 bytes measured."""
    char_bytes: int = 3
    """Memory of a character of its value, where it is counted: most take at most 3 bytes in UTF-8."""
    ordinary_chars: int = 2_000_000
    """A longer page takes long even if nothing is wrong with it; 1 of 300 pages is longer."""
    ordinary_tags: int = 8000
    """The parser compares each tag with all open elements, so 8,000 take it half a second at worst."""
    ordinary_rebuilt_bytes: int = 80_000_000
    """Memory of elements made again that a worker has to spare."""
    plain_link_bytes: int = 7000
    """More than a link weighs that has at most 11 attributes of 300 bytes."""
    window_bytes: int = 20_000
    """A tag of twice this length covers a whole window, in which no tag can end then; a shorter one has 13,000
    different attributes at most: 0.3 s of the parser."""


class PageParams(Struct, frozen=True, kw_only=True):
    """All thresholds and limits of page extraction."""

    guard: GuardParams = GuardParams()
    metadata: MetadataParams = MetadataParams()
    prose: ProseParams = ProseParams()
    container: ContainerParams = ContainerParams()
    beside: BesideParams = BesideParams()
    other_articles: OtherArticleParams = OtherArticleParams()
    teasers: TeaserParams = TeaserParams()
    content: ContentParams = ContentParams()
    lead: LeadParams = LeadParams()
    near_dates: NearDateParams = NearDateParams()
    fallback: FallbackParams = FallbackParams()
    min_gain: float = 0.27
    """In `auto` the scorer reads a page where it finds a better text with a greater probability than this: half
    of the pages, with most of what it gains. Chosen by cross-validation over publishers."""
    max_segments: int = 4000
    """A page with more segments is read by the rules alone; a limit on work. Of 650 real pages one has
    more (6,200), and the next 1,700."""
    min_doubt: float = 0.1
    """It reads a page too if the rules' text is wrong with a greater probability than this: front pages, walls."""
    teaser_chars: int = 1200
    """What a page shows of an article that is not free is shorter than this."""


PAGE_PARAMS: Final = PageParams()
"""The values in use."""
