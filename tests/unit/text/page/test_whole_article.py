"""The whole article and nothing else, where markup or names of elements suggest otherwise."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.content import MainText, extract_main_text
from pipeline.text.page.modes import STRICT

LINES = [
    "The old bridge over the Lorn will be closed to lorries from Monday, the county said after a survey of its piers.",
    "Divers had found cracks in two of the five piers, which were built in 1911 and last repaired thirty years ago.",
    "Farmers on the eastern bank will have to drive eleven miles further to the mill until a new deck is in place.",
    "Work on the deck is to begin in spring and cost four million, half of which the region has promised to pay.",
    "The county's engineer, Hanne Orlik, said that cars and buses could go on using the bridge without any danger.",
    "A ferry that ran until the sixties may be put back into service for the harvest, if a boat is found in time.",
]
OTHER = [
    "The swimming club of Lorn won four medals at the regional games, more than in any other year since it began.",
    "Its youngest member, who is twelve, came second over a hundred metres and was carried home by the whole team.",
    "The club is looking for a coach, because the one it has will move to the coast with her family in the summer.",
]
TITLE = "Bridge over the Lorn closed to lorries"


def _p(*lines: str, attributes: str = "") -> str:
    return "".join(f"<p{attributes}>{line}</p>" for line in lines)


def _main(body: str, title: str = TITLE) -> MainText:
    html = f"<html><head><title>{title} - Lorn Courier</title></head><body>{body}</body></html>"
    return extract_main_text(LexborHTMLParser(html), None, STRICT)


def _article(body: str) -> str:
    return f"<article><h1>{TITLE}</h1>{body}</article>"


def _part(number: int, lines: list[str]) -> str:
    return f"<div class='part n{number}'><div>{_p(*lines)}</div></div>"


SECTIONS = (
    f"<div><h1>{TITLE}</h1></div><div><section class='s'>{_p(LINES[0])}</section><div class='ad'></div>"
    f"<section class='s'>{_p(*LINES[1:])}</section></div>"
)


@pytest.mark.parametrize(
    "body",
    [
        _article(f"{_p(*LINES[:1])}<div class='rest'>{_p(*LINES[1:])}</div>"),
        _article(f"{_p(*LINES[:2])}<div><div class='rest'>{_p(*LINES[2:])}</div></div>"),
        _article(f"<div class='a'>{_p(*LINES[:4])}</div><div class='b'>{_p(*LINES[4:])}</div>"),
        _article(f"<div class='open'>{_p(*LINES[:2])}</div><span class='paywall'>{_p(*LINES[2:])}</span>"),
        _article(f"<div class='rest'>{_p(*LINES[:5])}</div><aside>{_p(OTHER[0])}</aside>{_p(*LINES[5:])}"),
        _article(_part(1, LINES[:1]) + _part(2, LINES[1:2]) + _part(7, LINES[2:])),
        SECTIONS,
    ],
)
def test_paragraphs_beside_most_of_the_text_belong_to_it(body: str) -> None:
    assert _main(body).lines == LINES


@pytest.mark.parametrize(
    "beside",
    [
        f"<div class='more'><h3><a href='/a'>Medals</a></h3>{_p(*OTHER)}</div>",
        f"<ul>{''.join(f'<li>{line}</li>' for line in OTHER)}</ul>",
        f"<div class='appeal'><h3>Join us</h3>{_p(*OTHER)}</div>",
        f"<div class='who'>{_p(OTHER[0])}</div>",
        "<p>Share this story</p><p><a href='/all'>All stories of the last seven days in the valley.</a></p>",
        f"<div class='comments'>{_p(*OTHER)}</div>",
    ],
)
def test_other_text_beside_it_does_not(beside: str) -> None:
    for body in (f"<div class='text'>{_p(*LINES)}</div>{beside}", f"{beside}<div class='text'>{_p(*LINES)}</div>"):
        assert _main(_article(body)).lines == LINES


@pytest.mark.parametrize(
    "name", ["vote-count", "share-link", "gdpr-Text", "paywall", "js poll-item", "enable-lightbox", "print-only"]
)
def test_running_text_outweighs_the_name_of_a_paragraph(name: str) -> None:
    one = _p(*LINES[:2]) + _p(LINES[2], attributes=f" class='{name}'") + _p(*LINES[3:])
    assert _main(_article(one)).lines == LINES
    assert _main(_article(_p(*LINES, attributes=f" class='{name}'"))).lines == LINES


@pytest.mark.parametrize("name", ["paywall", "video-text", "slideshow", "share-this", "penci-enable-lightbox"])
def test_running_text_outweighs_the_name_of_an_element(name: str) -> None:
    assert _main(_article(_p(*LINES[:4]) + f"<div class='{name}'>{_p(*LINES[4:])}</div>")).lines == LINES
    comments = f"<div class='comments'>{_p(*OTHER, *OTHER)}</div>"
    assert _main(f"<div class='{name}'>{_article(_p(*LINES[:3]))}</div>{comments}").lines == LINES[:3]


@pytest.mark.parametrize("name", ["vote-count", "share-link", "paywall", "poll", "print-only"])
def test_short_text_does_not_outweigh_a_name(name: str) -> None:
    assert _main(_article(_p(*LINES) + f"<p class='{name}'>Vote now</p>")).lines == LINES


@pytest.mark.parametrize("name", ["modal", "gdpr-box", "lightbox", "popup"])
def test_a_request_for_consent_is_no_running_text(name: str) -> None:
    notice = "We use cookies and similar files to show you what you like, and you may change your choice at any time."
    assert _main(_article(_p(*LINES)) + f"<div class='{name}'>{_p(notice, notice)}</div>").lines == LINES


@pytest.mark.parametrize("name", ["caption", "bio-note", "newsletter", "teaser", "comment"])
def test_names_of_other_text_count_whatever_it_reads_like(name: str) -> None:
    assert _main(_article(_p(*LINES) + _p(OTHER[0], attributes=f" class='{name}'"))).lines == LINES


def test_the_article_may_stand_in_an_aside() -> None:
    body = f"<main><aside class='main'><h1>{TITLE}</h1>{_p(*LINES)}</aside><aside>{_p(*OTHER)}</aside></main>"
    assert _main(body).lines == LINES


@pytest.mark.parametrize(
    "pattern",
    [
        "<article><h1>{}</h1>{}</article>|<article><h1>{}</h1>{}</article>",
        "<article><h2>{}</h2>{}</article>|<article><h2>{}</h2>{}</article>",
        "<div class='s'><h1>{}</h1>{}</div>|<div class='s'><h1>{}</h1>{}</div>",
        "<div><header><h1>{}</h1></header><div>{}</div></div>|<div><header><h1>{}</h1></header><div>{}</div></div>",
        "<main><article><h1>{}</h1>{}</article></main>|<section><article><h1>{}</h1>{}</article></section>",
    ],
)
def test_a_further_article_is_left_out(pattern: str) -> None:
    first, second = pattern.split("|")
    own, other = (TITLE, _p(*LINES[:3])), ("Medals for the club", _p(*OTHER, *OTHER, *OTHER))
    for body in (first.format(*own) + second.format(*other), first.format(*other) + second.format(*own)):
        assert [line for line in _main(f"<div>{body}</div>").lines if line != TITLE] == LINES[:3]


def test_parts_with_headings_are_one_article() -> None:
    body = f"<h1>{TITLE}</h1>{_p(*LINES[:3])}<h1>What drivers say</h1>{_p(*LINES[3:])}"
    assert _main(f"<div>{body}</div>").lines == [*LINES[:3], "What drivers say", *LINES[3:]]


@pytest.mark.parametrize(
    "teasers",
    [
        "<ul>{}</ul>|<li><a href='/{}'>Medals for the swimming club</a><p>{}</p></li>",
        "<ul>{}</ul>|<li><h3><a href='/{}'>Medals for the swimming club</a></h3><p>{}</p></li>",
        "<div>{}</div>|<div class='card'><h4><a href='/{}'>Medals for the swimming club</a></h4><p>{}</p></div>",
        "<section>{}</section>|<article><p><a href='/{}'>Medals for the swimming club</a></p><p>{}</p></article>",
        "<ol>{}</ol>|<li><a href='/{}'><b>Medals for the swimming club</b></a><div>{}</div></li>",
    ],
)
def test_lists_of_teasers_are_left_out(teasers: str) -> None:
    around, item = teasers.split("|")
    items = "".join(item.format(number, line) for number, line in enumerate(OTHER))
    assert _main(_article(_p(*LINES) + around.format(items))).lines == LINES


@pytest.mark.parametrize(
    "item",
    [
        "<li>At <a href='/{}'>the county's library</a> {}</li>",
        "<li><a href='/{}'>The county's library</a> {}</li>",
        "<li><p><a href='/{}'>The county's library</a> {}</p></li>",
        "<li><p>{} {}</p></li>",
    ],
)
def test_lists_with_links_in_their_text_stay(item: str) -> None:
    items = "".join(item.format(number, line) for number, line in enumerate(OTHER))
    assert len(_main(_article(_p(*LINES) + f"<ul>{items}</ul>")).lines) == len(LINES) + len(OTHER)


@pytest.mark.parametrize("name", ["replies", "reply-list", "discussion", "kommentare", "respond"])
def test_replies_are_left_out(name: str) -> None:
    assert _main(_article(_p(*LINES) + f"<div class='{name}'>{_p(*OTHER)}</div>")).lines == LINES


@pytest.mark.parametrize(
    ("marked", "line"),
    [
        ("<ruby>橋<rp>(</rp><rt>はし</rt><rp>)</rp></ruby>を渡る", "橋を渡る"),
        ("<ruby>橋<rt>はし</rt></ruby>を<ruby>渡<rt>わた</rt></ruby>る", "橋を渡る"),
        ("<ruby><rb>橋</rb><rt>はし</rt></ruby>を渡る", "橋を渡る"),
    ],
)
def test_readings_of_characters_are_no_text(marked: str, line: str) -> None:
    assert _main(f"<p>{marked}。{'長い橋である。' * 5}</p>").lines == [f"{line}。{'長い橋である。' * 5}"]


@pytest.mark.parametrize(
    ("heading", "headline"),
    [
        ("Bridge<br>closed", "Bridge closed"),
        ("Bridge <br/> closed", "Bridge closed"),
        ("<span>Bridge<br></span>closed", "Bridge closed"),
        ("Closed: old bridge", "Closed: old bridge"),
        ("<span>Traffic</span> Bridge closed", "Traffic Bridge closed"),
    ],
)
def test_the_headline_is_no_paragraph(heading: str, headline: str) -> None:
    main = _main(f"<article><h1>{heading}</h1>{_p(*LINES)}</article>")
    assert main.headlines == (headline,)
    assert main.lines == LINES
