"""Summaries end with sentences."""

import pytest

from pipeline.text.summary import summarise

REST = " Die Arbeiten am Wehr dauern bis in den April, und die Boote warten so lange im unteren Becken."


@pytest.mark.parametrize(
    "sentence",
    [
        "Das Wehr in Wien, seit dem 14. November außer Betrieb, bleibt geschlossen.",
        "Der Leiter des Amtes, Dr. Karl Weber, hat das Wehr am Freitag schließen lassen.",
        "The weir was closed on Friday by Prof. Ada Okafor of the harbour board, police said.",
        "The weir was closed on Friday by J. R. Okafor of the U.S. Army Corps, police said.",
        "Die Stadt, das Land bzw. Der Bund zahlen für die Arbeiten am alten Wehr.",
        "Плотину на ул. Морской закрыли в 2026 г. Работы идут, сообщил мэр города.",
    ],
)
def test_stops_within_a_sentence_do_not_end_it(sentence: str) -> None:
    assert summarise([sentence + REST], len(sentence) + 20) == sentence
    cut = summarise([sentence + REST], len(sentence) - 5)
    assert cut is not None
    assert cut.endswith("…")


@pytest.mark.parametrize("end", ["in 2026.", "by 140.", "it said.", "a dam!", "the gates."])
def test_other_stops_end_it(end: str) -> None:
    sentence = f"The weir at Port Selwyn was closed for repairs {end}"
    assert (
        summarise([f"{sentence} Work on the gates goes on until the end of April at least."], len(sentence) + 20)
        == sentence
    )
