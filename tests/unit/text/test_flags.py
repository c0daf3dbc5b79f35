"""Quality: what is flagged, what is no article."""

import pytest

from pipeline.text.flags import text_flags
from pipeline.text.params import IngestParams
from pipeline.text.quality import FLAG_WEIGHTS, judge_quality
from pipeline.text.walls import is_no_article

PARAMS = IngestParams()
TEXT = "The dam held through the night, engineers said on Tuesday, after the highest water in thirty years had passed."
ARTICLE = [TEXT, TEXT.replace("dam", "wall"), TEXT.replace("night", "morning")]


@pytest.mark.parametrize(
    ("paragraphs", "flag"),
    [
        (["Short."], "too_short"),
        ([*ARTICLE[:1] * 3, *ARTICLE], "repeated"),
        ([*ARTICLE, "The minister is expected to…"], "truncated"),
        ([*ARTICLE, "Already a subscriber? Log in."], "paywall_stub"),
        (["We value your privacy. Accept all cookies to go on."], "cookie_wall"),
        ([f"Headline number {i} of the day" for i in range(12)], "list_page"),
        ([*ARTICLE, "Related articles", TEXT], "boilerplate_left"),
    ],
)
def test_flags(paragraphs: list[str], flag: str) -> None:
    assert flag in text_flags(paragraphs, "Dam holds", PARAMS)


def test_an_article_has_no_flags() -> None:
    assert text_flags(ARTICLE, "Dam holds", PARAMS) == set()
    assert text_flags(ARTICLE, None, PARAMS) == {"no_title"}


@pytest.mark.parametrize(
    "text", ["news " * 200, f"{TEXT} " * 5, "水位が下がり、ダムは持ちこたえた。" * 30, TEXT[:8] * 60]
)
def test_a_text_that_says_the_same_again_and_again_repeats_itself(text: str) -> None:
    assert "repeated" in text_flags([text.strip()], "Dam holds", PARAMS)


def test_a_text_that_quotes_itself_once_does_not() -> None:
    twice = [
        " ".join(ARTICLE),
        *(f"On day {day} of the flood, number {day * 7} of the gates was open." for day in range(9)),
    ]
    assert "repeated" not in text_flags(twice, "Dam holds", PARAMS)


@pytest.mark.parametrize("paragraphs", [[], ["7"], ["…", "—", "12:30"], ["水"]])
def test_next_to_no_text(paragraphs: list[str]) -> None:
    assert is_no_article(paragraphs, None, from_page=False) is not None


@pytest.mark.parametrize(
    "text",
    [
        "404 Not Found. Go to our home page.",
        "Just a moment...",
        "401 Unauthorized",
        "Wir verwenden Cookies, um Inhalte anzuzeigen.",
        "Jetzt mit Werbung lesen oder ein Abo abschließen.",
        "Ta strona korzysta z plików cookie.",
        "当社はCookieを使用しています。",
    ],
)
def test_walls_are_no_articles(text: str) -> None:
    assert is_no_article([text], None, from_page=True) is not None
    assert is_no_article([text], None, from_page=False) is None


def test_articles_in_any_script_are_articles() -> None:
    for text in (TEXT, "水位が下がり、ダムは持ちこたえたと技術者が述べた。", "صمد السد طوال الليل كما قال المهندسون."):
        assert is_no_article([text], None, from_page=True) is None


def test_score_falls_with_every_flag() -> None:
    assert judge_quality([]).score == 1.0
    assert judge_quality(["too_short", "no_title", "too_short"]).flags == ("no_title", "too_short")
    assert judge_quality(["too_short", "no_title"]).score < judge_quality(["too_short"]).score < 1.0
    assert all(0.0 <= judge_quality([flag]).score <= 1.0 for flag in FLAG_WEIGHTS)


def test_a_brief_may_speak_of_walls() -> None:
    brief = [TEXT, "The ministry's form now has a captcha, and whoever fails it reads access denied."]
    assert is_no_article(brief, "Dam holds", from_page=True) is None
    assert is_no_article([TEXT], "Access denied", from_page=True) is not None


def test_words_are_counted_in_scripts_without_spaces_too() -> None:
    assert "too_short" not in text_flags(["工程师周二说大坝挺过了三十年来的最高水位。" * 4], "大坝", PARAMS)
    assert "too_short" in text_flags(["工程师周二说大坝挺过了。"], "大坝", PARAMS)
    assert "too_short" in text_flags(["Engineers said on Tuesday that the dam held." * 2], "Dam", PARAMS)


def _text(phrase: str, chars: int, before: int = 0) -> str:
    """Return a text of so many characters with a phrase after `before` others."""
    return f"{'x' * before}{phrase}".ljust(chars, "y")


@pytest.mark.parametrize(
    ("paragraphs", "flag", "is_flagged"),
    [
        (["a" * 60, "b" * 21, "b" * 21], "repeated", True),
        (["a" * 60, "b" * 20, "b" * 20], "repeated", False),
        ([_text("we use cookies", 1499)], "cookie_wall", True),
        ([_text("we use cookies", 1500)], "cookie_wall", False),
        ([_text("", 3979), "already a subscriber"], "paywall_stub", True),
        ([_text("", 3980), "already a subscriber"], "paywall_stub", False),
        ([_text("already a subscriber", 500, before=100)], "paywall_stub", True),
        ([_text("already a subscriber", 500, before=99)], "paywall_stub", False),
        (["already a subscriber", TEXT, TEXT], "paywall_stub", False),
        ([f"Headline {i}" for i in range(8)], "list_page", True),
        ([f"Headline {i}" for i in range(7)], "list_page", False),
        ([str(i) + "x" * 88 for i in range(8)], "list_page", True),
        ([str(i) + "x" * 89 for i in range(8)], "list_page", False),
        ([*[f"Headline {i}" for i in range(6)], TEXT, TEXT], "list_page", True),
        ([*[f"Headline {i}" for i in range(5)], TEXT, TEXT, TEXT], "list_page", False),
        ([*[f"Teaser {i}…" for i in range(8)]], "list_page", True),
        (["x" * 319], "too_short", True),
        (["x" * 320], "too_short", False),
        (["w " * 38 + "w"], "too_short", True),
        (["w " * 39 + "w"], "too_short", False),
        (["Comments", TEXT, TEXT, TEXT], "boilerplate_left", False),
        ([TEXT, TEXT, "Comments", TEXT], "boilerplate_left", True),
    ],
)
def test_limits_of_flags(paragraphs: list[str], flag: str, is_flagged: bool) -> None:
    assert (flag in text_flags(paragraphs, "Dam holds", PARAMS)) == is_flagged


@pytest.mark.parametrize(
    ("paragraph", "is_refused"),
    [
        (_text("we use cookies", 499), True),
        (_text("we use cookies", 500), False),
        (_text("page not found", 400, before=186), True),
        (_text("page not found", 400, before=187), False),
        (_text("page not found", 500), False),
        ("." * 38 + "ab", False),
        ("." * 39 + "ab", True),
    ],
)
def test_limits_of_what_is_no_article(paragraph: str, is_refused: bool) -> None:
    assert (is_no_article([paragraph], None, from_page=True) is not None) == is_refused
