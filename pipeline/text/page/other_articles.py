"""Find further articles on an article's page, as sites show that load the next one below it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.blocks import Ancestry
from pipeline.text.page.params import PAGE_PARAMS, OtherArticleParams

__all__ = ["other_articles"]

_TITLES = 'title,meta[property="og:title"]'


def other_articles(
    tree: LexborHTMLParser,
    ancestry: Ancestry,
    weights: Mapping[int, int],
    total: int,
    params: OtherArticleParams = PAGE_PARAMS.other_articles,
) -> frozenset[int]:
    """Return the elements (`mem_id`) that hold other articles than the one after which the page is titled.

    Candidates are elements with a headline of their own. Without one whose headline agrees with the page's title,
    nothing is known and nothing returned.

    Args:
        tree: The page.
        ancestry: Looks up ancestors.
        weights: Characters of running text in each element, by its key.
        total: The same for the page.
        params: Limits and thresholds.
    """
    candidates = _candidates(tree, ancestry, weights, params.min_share * total, params)
    if len(candidates) < params.min_articles:
        return frozenset()
    titles = [_squeezed(_title(node), params) for node in tree.css(_TITLES)[: params.max_titles]]
    own = next((key for key, headline in candidates if _agrees(headline, titles, params)), None)
    if own is None:
        return frozenset()
    path = frozenset(ancestry.chain(ancestry.nodes[own]))
    headline = dict(candidates)[own]
    return frozenset(
        key
        for key, other in candidates
        if key not in path
        and own not in ancestry.chain(ancestry.nodes[key])
        and other not in headline
        and _are_alike(ancestry.nodes[own], ancestry.nodes[key])
    )


def _are_alike(one: LexborNode, other: LexborNode) -> bool:
    """Return whether both are articles, or elements of one class, but for numbers in it."""
    if one.tag != other.tag:
        return False
    return one.tag == "article" or _plain_class(one) == _plain_class(other)


def _plain_class(node: LexborNode) -> str:
    return "".join(char for char in node.attributes.get("class") or "" if not char.isdigit())


def _candidates(
    tree: LexborHTMLParser, ancestry: Ancestry, weights: Mapping[int, int], enough: float, params: OtherArticleParams
) -> list[tuple[int, str]]:
    """Return elements with enough text and a headline of their own, with that headline."""
    found: dict[int, str] = {}
    for article in tree.css("article")[: params.max_candidates]:
        heading = article.css_first("h1,h2") if weights.get(article.mem_id, 0) >= enough else None
        if heading is not None:
            ancestry.chain(article)
            found[article.mem_id] = _squeezed(heading.text_lexbor(), params)
    for key, heading in _sections(tree.css("h1")[: params.max_candidates], ancestry):
        if weights.get(key, 0) >= enough:
            found.setdefault(key, _squeezed(heading.text_lexbor(), params))
    return [(key, headline) for key, headline in found.items() if headline]


def _sections(headings: Sequence[LexborNode], ancestry: Ancestry) -> list[tuple[int, LexborNode]]:
    """Return for each heading the highest element that has no other of them; one around another has none."""
    chains = [(ancestry.chain(heading), heading) for heading in headings]
    counts = Counter(key for chain, _ in chains for key in chain)
    highest = [(next((key for key in chain if counts[key] == 1), None), heading) for chain, heading in chains]
    return [(key, heading) for key, heading in highest if key is not None]


def _title(node: LexborNode) -> str:
    return node.attributes.get("content") or "" if node.tag == "meta" else node.text_lexbor()


def _squeezed(title: str, params: OtherArticleParams) -> str:
    """Return the letters and digits of a title, case-folded."""
    return "".join(char for char in title[: params.max_title_chars].casefold() if char.isalnum())


def _agrees(headline: str, titles: Sequence[str], params: OtherArticleParams) -> bool:
    return len(headline) >= params.min_title_chars and any(headline in title for title in titles)
