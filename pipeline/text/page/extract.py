"""Read a page: check it, parse it once, take metadata and main text from the tree."""

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pipeline.domain.extraction import Extraction
from pipeline.domain.outcome import Reject
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.page.article_scorer import ArticleScorer
from pipeline.text.page.content import MainText, read_fragment
from pipeline.text.page.guard import refuse_bomb
from pipeline.text.page.metadata import read_metadata
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.page_signals import scored_signals, text_signals
from pipeline.text.page.params import PAGE_PARAMS, PageParams
from pipeline.text.page.scored_text import choose_segments, text_of, without_other_articles
from pipeline.text.page.segment_features import features_of
from pipeline.text.page.segment_reading import CutTable, cut_page, read_by_rules, reading_of
from pipeline.text.page.serialized import write_body
from pipeline.text.page.verdicts import shares_in
from pipeline.text.params import IngestParams

__all__ = ["Page", "read_markup", "read_page"]

_PAYWALLS = "[class*=paywall],[id*=paywall]"
_NO_MEMORY = Reject("too_costly", "the parser ran out of memory")  # it takes everything that is text


class Page(Struct, frozen=True):
    """The metadata a page states and the text it shows."""

    metadata: PageMetadata
    main: MainText
    title: str | None
    """The <title> element."""
    is_teaser: bool
    """The text is short, and the page states that it is not free or has an element named after a paywall."""
    doubt: float = 0.0
    """Probability that the text is not the article, or that much of it is missing or too much: F1 below .8."""


def read_page(page: EncodedPage, params: IngestParams, page_params: PageParams = PAGE_PARAMS) -> Page | Reject:
    """Read a page; return a Reject if it must not or cannot be parsed.

    Args:
        page: The page.
        params: Limits on what is parsed, and the mode of extraction.
        page_params: Thresholds and limits of extraction.
    """
    refused = refuse_bomb(page, params, page_params.guard)
    if refused is not None:
        return refused
    try:
        return _read(page.data, params.extraction, page_params)
    except SelectolaxError:
        return _NO_MEMORY


def _read(data: bytes, mode: Extraction, page_params: PageParams) -> Page:
    tree = LexborHTMLParser(data)
    metadata = read_metadata(tree, page_params.metadata)
    head = tree.css_first("title")
    title = (" ".join(head.text_lexbor().split()) or None) if head is not None else None
    # Before the rules take elements out of the tree.
    body = write_body(tree) if mode != "fast" else ""
    main = read_by_rules(tree, data, metadata, may_repeat=mode != "fast", params=page_params)
    is_teaser = _is_teaser(tree, metadata, main, page_params)
    signals = text_signals(main, metadata, title)
    scorer = ArticleScorer.shipped()
    doubt = scorer.doubt.probability(signals)
    is_scored = mode == "accurate" or (
        mode == "auto" and (doubt > page_params.min_doubt or scorer.may_gain(signals) > page_params.min_gain)
    )
    cut = cut_page(body) if is_scored else None
    if cut is not None and 0 < len(cut.segments) <= page_params.max_segments:
        main, doubt = _scored(cut, main, metadata, title, scorer)
    return Page(metadata, main, title, is_teaser, doubt)


def _scored(
    cut: CutTable, rules: MainText, metadata: PageMetadata, title: str | None, scorer: ArticleScorer
) -> tuple[MainText, float]:
    """Return the text of a page that the scorer finds beside the rules, and how likely it is wrong."""
    features = features_of(cut.segments, cut.table, reading_of(metadata, title, rules))
    probabilities = scorer.segments.probabilities(features)
    if rules.other_lines:
        probabilities = without_other_articles(probabilities, features, shares_in(cut.segments, rules.other_lines))
    chosen = choose_segments(probabilities, features)
    main = text_of(cut.segments, chosen, rules)
    signals = scored_signals(text_signals(main, metadata, title), chosen)
    return main, scorer.scored_doubt.probability(signals)


def _is_teaser(tree: LexborHTMLParser, metadata: PageMetadata, main: MainText, params: PageParams) -> bool:
    if main.chars >= params.teaser_chars:
        return False
    return not metadata.is_free if metadata.is_free is not None else tree.css_first(_PAYWALLS) is not None


def read_markup(text: str, params: IngestParams, page_params: PageParams = PAGE_PARAMS) -> list[str] | Reject:
    """Return the lines of an article's text that contains markup, as feeds send it."""
    page = EncodedPage.of(text)
    refused = refuse_bomb(page, params, page_params.guard)
    if refused is not None:
        return refused
    try:
        return read_fragment(LexborHTMLParser(page.data), page_params)
    except SelectolaxError:
        return _NO_MEMORY
