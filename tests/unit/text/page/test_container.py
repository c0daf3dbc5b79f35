"""Which element of a page is chosen, at and around every threshold."""

from collections.abc import Iterable

import pytest
from msgspec.structs import replace
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.container import Choice, choose_container
from pipeline.text.page.params import PAGE_PARAMS, ContainerParams

PARAMS = ContainerParams()
PAGE_CHARS = 10_000


def _text(chars: int) -> str:
    return "x" * chars


def _p(chars: int) -> str:
    return f"<p>{_text(chars)}</p>"


def _choose(body: str, *, use_names: bool = True, params: ContainerParams = PARAMS) -> Choice | None:
    tree = LexborHTMLParser(f"<html><body>{body}</body></html>")
    return choose_container(tree, use_names=use_names, params=replace(PAGE_PARAMS, container=params))


def _chosen(body: str, *, use_names: bool = True) -> Choice:
    choice = _choose(body, use_names=use_names)
    assert choice is not None
    return choice


def _container(body: str) -> str | None:
    """Return the id of the chosen element, or its tag."""
    node = _chosen(body).container
    return node.attributes.get("id") or node.tag


def _excluded(body: str) -> set[str | None]:
    """Return the ids of excluded elements."""
    tree = LexborHTMLParser(f"<html><body>{body}</body></html>")
    choice = choose_container(tree, use_names=True)
    assert choice is not None
    return {node.attributes.get("id") for node in tree.css("[id]") if node.mem_id in choice.excluded}


def _split(share: float) -> tuple[int, int]:
    """Split the characters of a page into a share and the rest."""
    own = round(share * PAGE_CHARS)
    return own, PAGE_CHARS - own


def _around(share: float) -> Iterable[tuple[float, bool]]:
    return ((share, True), (share - 0.001, False))


def test_paragraphs_count_from_a_length_on() -> None:
    assert _choose(_p(PARAMS.min_paragraph_chars)) is not None
    assert _choose(_p(PARAMS.min_paragraph_chars - 1)) is None


def test_loose_text_counts_from_a_length_on() -> None:
    assert _choose(f"<div>{_text(PARAMS.min_loose_chars)}</div>") is not None
    assert _choose(f"<div> {_text(PARAMS.min_loose_chars - 1)} </div>") is None


def test_a_paragraph_of_links_does_not_count() -> None:
    half = 50
    assert PARAMS.max_link_share == half / 100
    linked = f"<p><a href='/a'>{_text(half)}</a>{_text(half)}</p>"
    assert _choose(linked) is None
    choice = _chosen(f"<p><a href='/a'>{_text(half - 1)}</a>{_text(half + 1)}</p>")
    assert choice.total_chars == half + 1


def test_characters_of_links_do_not_count() -> None:
    assert _chosen(f"<p><a href='/a'>{_text(30)}</a>{_text(70)}</p>").total_chars == 70


@pytest.mark.parametrize(("share", "enough"), _around(PARAMS.container_share))
def test_the_lowest_element_with_enough_of_the_text(share: float, enough: bool) -> None:
    own, rest = _split(share)
    body = f"<div id='outer'><div id='inner'>{_p(own)}</div>{_p(rest)}</div>"
    assert _container(body) == ("inner" if enough else "outer")


@pytest.mark.parametrize("name", ["class='article-body'", "itemprop='articleBody'"])
@pytest.mark.parametrize(("share", "enough"), _around(PARAMS.named_share))
def test_an_element_named_as_the_body_needs_less(share: float, enough: bool, name: str) -> None:
    own, rest = _split(share)
    body = f"<div id='outer'><div id='inner' {name}>{_p(own)}</div>{_p(rest)}</div>"
    assert _container(body) == ("inner" if enough else "outer")


@pytest.mark.parametrize(("share", "joined"), _around(PARAMS.named_part_share))
def test_a_body_cut_into_parts_is_chosen_as_a_whole(share: float, joined: bool) -> None:
    part, rest = _split(share)
    first = round(0.5 * PAGE_CHARS)
    body = (
        f"<div id='outer'><div id='parts'><div id='first' class='story-body'>{_p(first)}</div>"
        f"<div class='story-body'>{_p(part)}</div></div>{_p(rest - first)}</div>"
    )
    assert _container(body) == ("parts" if joined else "first")


@pytest.mark.parametrize(("share", "complete"), _around(PARAMS.complete_share))
def test_a_named_element_with_most_of_the_text_is_the_whole_body(share: float, complete: bool) -> None:
    own, rest = _split(share)
    first, second = f"<div id='first' class='story-body'>{_p(own)}</div>", f"<div class='story-body'>{_p(rest)}</div>"
    body = f"<div id='parts'>{first}{second}</div>"
    assert _container(body) == ("first" if complete else "parts")


@pytest.mark.parametrize(("share", "same"), _around(PARAMS.same_text_share))
def test_of_bodies_in_bodies_the_inner_one_unless_it_lacks_text(share: float, same: bool) -> None:
    own, rest = _split(share)
    body = f"<div id='outer' class='article-body'><div id='inner' class='article-body'>{_p(own)}</div>{_p(rest)}</div>"
    assert _container(body) == ("inner" if same else "outer")


@pytest.mark.parametrize(("share", "enough"), _around(PARAMS.same_text_share))
def test_parts_are_joined_by_the_lowest_element_with_nearly_all_of_them(share: float, enough: bool) -> None:
    # Three parts of a body; the first two have a parent of their own, which holds the given share of the three.
    third = round((1 - share) * PAGE_CHARS)
    half, rest = divmod(PAGE_CHARS - third, 2)
    params = replace(PARAMS, named_part_share=0.01)
    one, two, three = (f"<div class='story-body'>{_p(chars)}</div>" for chars in (half, half + rest, third))
    choice = _choose(f"<div id='all'><div id='two'>{one}{two}</div>{three}</div>", params=params)
    assert choice is not None
    assert choice.container.attributes.get("id") == ("two" if enough else "all")


def test_bodies_in_bodies_are_no_parts() -> None:
    inner = f"<div id='inner' class='article-body'>{_p(4800)}</div>"
    assert _container(f"<div id='outer' class='article-body'>{inner}{_p(200)}</div>{_p(5000)}") == "inner"


def test_the_name_of_the_whole_page_does_not_count() -> None:
    tree = LexborHTMLParser(f"<body class='article-body'><div id='inner'>{_p(6000)}</div>{_p(4000)}</body>")
    choice = choose_container(tree, use_names=True)
    assert choice is not None
    assert choice.container.attributes.get("id") == "inner"


def test_paragraphs_are_no_containers() -> None:
    assert _container(f"<div id='outer'>{_p(1000)}</div>") == "outer"


@pytest.mark.parametrize(("share", "wrapper"), _around(PARAMS.wrapper_share))
def test_an_element_named_as_boilerplate_with_half_of_the_text_is_a_wrapper(share: float, wrapper: bool) -> None:
    own, rest = _split(share)
    assert _excluded(f"<div id='named' class='share'>{_p(own)}</div>{_p(rest)}") == (set() if wrapper else {"named"})


@pytest.mark.parametrize(("share", "wrapper"), _around(PARAMS.separate_wrapper_share))
def test_comments_may_outweigh_the_article(share: float, wrapper: bool) -> None:
    own, rest = _split(share)
    assert _excluded(f"<div id='named' class='comments'>{_p(own)}</div>{_p(rest)}") == (set() if wrapper else {"named"})


def test_text_that_is_all_link_is_excluded() -> None:
    assert _excluded(f"<a id='link' href='/a'>{_p(100)}</a>{_p(1000)}") == {"link"}


@pytest.mark.parametrize("hidden", ["hidden", "style='display:none'", "style='color: red; visibility: HIDDEN'"])
@pytest.mark.parametrize(("share", "kept"), _around(PARAMS.hidden_share))
def test_hidden_text_is_excluded_where_it_is_a_small_part(share: float, kept: bool, hidden: str) -> None:
    own, rest = _split(share)
    assert _excluded(f"<div id='named' {hidden}>{_p(own)}</div>{_p(rest)}") == (set() if kept else {"named"})


@pytest.mark.parametrize(("share", "kept"), _around(PARAMS.hidden_share))
def test_hidden_parts_count_together(share: float, kept: bool) -> None:
    own, rest = _split(share)
    half, odd = divmod(own, 2)
    body = f"<div id='a' hidden>{_p(half)}</div><div id='b' hidden>{_p(half + odd)}</div>{_p(rest)}"
    assert _excluded(body) == (set() if kept else {"a", "b"})


def test_a_small_hidden_part_is_excluded_beside_a_large_one() -> None:
    assert _excluded(f"<div id='a' hidden>{_p(3000)}</div><div id='b' hidden>{_p(500)}</div>{_p(6500)}") == {"b"}


@pytest.mark.parametrize(("share", "excluded"), _around(PARAMS.min_remaining_share))
def test_names_that_would_leave_little_are_ignored(share: float, excluded: bool) -> None:
    kept, rest = _split(share)
    half, odd = divmod(rest, 2)
    body = f"<div id='a' class='share'>{_p(half)}</div><div id='b' class='share'>{_p(half + odd)}</div>{_p(kept)}"
    assert _excluded(body) == ({"a", "b"} if excluded else set())


@pytest.mark.parametrize(("share", "wrapper"), _around(PARAMS.wrapper_share))
def test_an_element_with_half_of_the_container_is_a_wrapper(share: float, wrapper: bool) -> None:
    own, rest = _split(share)
    tree = LexborHTMLParser(f"<body><div><div id='inner'>{_p(own)}</div>{_p(rest)}</div></body>")
    choice = choose_container(tree, use_names=True)
    node = tree.css_first("#inner")
    assert choice is not None
    assert node is not None
    assert (node.mem_id in choice.wrappers) == wrapper


def test_names_and_hiding_do_not_count_in_the_generous_mode() -> None:
    body = (
        f"<div class='share'>{_p(500)}</div><div hidden>{_p(200)}</div><div class='comments'>{_p(300)}</div>{_p(9000)}"
    )
    assert len(_chosen(body, use_names=False).excluded) < len(_chosen(body).excluded)
    assert _chosen(body, use_names=False).total_chars == 9700


def test_blocks_count_for_a_limited_number_of_ancestors() -> None:
    def container(depth: int) -> str | None:
        branch = "<div>" * depth + _p(1000) + "</div>" * depth
        return _container(f"<div id='top'>{branch}{branch}</div>")

    # The paragraph itself and its ancestors below the top take up the limit.
    assert container(PARAMS.max_ancestors - 2) == "top"
    assert container(PARAMS.max_ancestors - 1) != "top"


def test_nested_quotations_are_read_a_limited_number_of_times() -> None:
    levels = PARAMS.max_reads + 4
    body = "<blockquote>" * levels + _text(1000) + "</blockquote>" * levels + _p(100)
    assert len(_chosen(body).elements) == PARAMS.max_reads
