"""The facts of a text: names, negations, dates and stated notes."""

import pytest

from pipeline.domain.article import Author, PublishedAt
from pipeline.domain.changes import ArticleFacts
from pipeline.text.facts.article_facts import article_facts
from pipeline.text.facts.notes import Notes, find_notes
from pipeline.text.facts.words import words_of


def _facts(text: str, headline: str = "") -> ArticleFacts:
    return article_facts(headline=headline, paragraphs=text.split("\n"))


def _notes(headline: str, paragraphs: list[str]) -> Notes:
    return find_notes(headline, paragraphs, frozenset(words_of("\n".join([headline, *paragraphs]).casefold())))


def test_names_are_words_with_a_capital_letter_within_a_sentence() -> None:
    text = "The mayor of Millbrook met Robert Tanner on Monday. However, the council did not. Later Tanner left."
    assert _facts(text).names == {"millbrook", "robert", "tanner"}


@pytest.mark.parametrize("end", [". ", "! ", "… ", ": ", "\n", '. "', ".\u3000(", ".. ", ":\n— "])
def test_the_first_word_of_a_sentence_is_no_name(end: str) -> None:
    assert _facts(f"The council met in Millbrook{end}Rain fell there.").names == {"millbrook"}


def test_german_nouns_are_no_names() -> None:
    text = "Der Minister und die Stadt sind mit der Lösung einverstanden, sagte Hans Gerlach, das ist von Vorteil."
    assert _facts(text).names == {"hans", "gerlach"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("قال الرئيس سامر الخطيب إن الطريق مغلق.", "سامر"),
        ("न्यायाधीश विनय खरे ने कहा।", "विनय"),
        ("工程由市长王明负责。", "王明负"),
        ("担当の田中太郎氏が述べた。", "田中太郎"),
        ("김민수 시장은 말했다.", "김민수"),
    ],
)
def test_in_other_scripts_a_title_tells_a_name(text: str, name: str) -> None:
    assert name in _facts(text).names


def test_a_headline_in_title_case_has_no_names() -> None:
    assert _facts("nothing", "Council Closes Road").names == set()
    assert _facts("nothing", "Council closes the road of Millbrook").names == {"millbrook"}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The court said that he was not guilty, and never had been.", 2),
        ("The mayor of the town wasn't there.", 1),
        ("Le maire n'est pas dans la ville, que des gens.", 1),
        ("Der Rat ist nicht mit der Lösung einverstanden.", 1),
        ("Primarul nu este în oraș și a plecat.", 1),
        ("De burgemeester is nu in het dorp van de familie.", 0),
        ("Он не был на месте и в городе.", 1),
        ("法院认为他无罪。", 1),
        ("裁判所は有罪ではないと述べた。", 1),
        ("", 0),
    ],
)
def test_negations_are_counted_by_the_language_of_the_text(text: str, count: int) -> None:
    assert _facts(text).body_negations == count


def test_dates_are_named_ones_and_the_day_of_publication() -> None:
    found = article_facts(
        headline="",
        paragraphs=["On Monday, March 3, it rains; the talks of 12/04/2026 go on.", "3月5日（木曜）に。"],
        published_at=PublishedAt(value="2026-03-01T10:00:00.000Z", precision="second", source="raw"),
        authors=[Author(name="Kit Marlow")],
    )
    assert found.dates == {"monday", "march 3", "12/04/2026", "3月5日", "木曜", "2026-03-01"}
    assert found.authors == {"kit", "marlow"}


@pytest.mark.parametrize(
    "note",
    [
        "Correction: the first name was wrong.",
        "CORRECTION (March 3): the sum was wrong.",
        "An earlier version of this article gave another sum.",
        "Rectificatif : le prénom était faux.",
        "Korrektur: Der Vorname war falsch.",
        "Corrección: el nombre era otro.",
        "Исправление: имя было указано неверно.",
        "تصحيح: ورد اسم آخر.",
        "更正：姓名有误。",
        "【訂正】名前に誤りがありました。",
        "정정: 이름이 틀렸습니다.",
    ],
)
def test_a_note_states_a_correction(note: str) -> None:
    found = _notes("Road closed", [note, "The road is closed."])
    assert found.corrections == (note.casefold(),)


@pytest.mark.parametrize(
    "text",
    [
        "Correction of the market continues for a third day.",
        "The correction: investors sell.",
        "Updated rules apply from Monday on.",
        "Retirado desde 2020, el cantante vuelve.",
        "The article that was withdrawn from the bill said more.",
        "更新系统需要时间。",
    ],
)
def test_ordinary_sentences_state_nothing(text: str) -> None:
    found = _notes(text, [text])
    assert (found.corrections, found.updates, found.is_withdrawn) == ((), (), False)


def test_a_note_stands_at_the_start_or_the_end_and_is_short() -> None:
    body = [f"Paragraph {number} is about the road." for number in range(10)]
    note = "Correction: the sum was wrong."
    assert _notes("", [*body, note]).corrections
    assert not _notes("", [*body[:5], note, *body[5:]]).corrections
    assert not _notes("", [note + " word" * 200]).corrections


def test_corrections_of_the_page_count() -> None:
    found = article_facts(headline="", paragraphs=["Text."], corrections=["The sum was wrong."])
    assert found.corrections == ("the sum was wrong.",)
