"""Measuring stories: what is read of the sets, the order of folding, and the figures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.stories.params import StoryParams
from pipeline_research.commands.stories import stories
from pipeline_research.evaluation.stories import StoryText, bcubed, folded, og2021, pair_figures, shares_together

Write = Callable[[str, list[dict[str, Any]]], None]

FERRY = "The ferry Marisol ran aground off Cape Torvane on Friday with 214 passengers, the coast guard of Valmont said."
BANK = "The central bank of Verania raised its key rate to 4.25 per cent on Thursday, governor Ilse Brandt announced."


def texts(*events: str) -> list[StoryText]:
    return [StoryText(str(number), event, "en", event, "") for number, event in enumerate(events)]


def test_bcubed_counts_what_each_text_shares() -> None:
    given = texts("a", "a", "a", "b")
    whole = bcubed(dict.fromkeys("0123", "s"), given)
    assert whole.precision == pytest.approx((3 * 3 / 4 + 1 / 4) / 4)
    assert whole.recall == 1.0
    apart = bcubed({name: name for name in "0123"}, given)
    assert apart.precision == 1.0
    assert apart.recall == pytest.approx((3 * 1 / 3 + 1) / 4)
    assert apart.f1 == pytest.approx(2 * 0.5 / 1.5)


def test_pairs_count_as_found_when_they_share_a_story() -> None:
    found = {"0a": "s", "0b": "s", "1a": "s", "1b": "s", "2a": "s", "2b": "t"}
    figures = pair_figures(found, [True, False, True])
    assert (figures.precision, figures.recall) == (0.5, 0.5)


def test_a_text_is_foreign_in_a_story_that_is_mainly_of_another_event() -> None:
    given = texts("a", "a", "a", "b", "b", "b")
    found = dict(zip("012345", "sssstt", strict=True))
    joined, foreign = shares_together(found, given)
    assert joined == pytest.approx(5 / 6)
    assert foreign == pytest.approx(1 / 6)


def test_texts_with_a_time_are_folded_by_it() -> None:
    day = 24 * 3_600_000
    first, second, late = (
        StoryText(name, "ferry", "en", FERRY, FERRY, at) for name, at in (("c", day), ("a", 2 * day), ("b", 30 * day))
    )
    found = folded([late, second, first], StoryParams(), None)
    assert found["c"] == found["a"]
    assert found["b"] != found["a"], "the window has passed"


def test_the_command_prints_the_sets_that_are_there(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        "dup/og2021_titles",
        [
            {"id": str(number), "cluster": event, "lang": "eng", "time": "2021-07-01 08:01:00", "title": title}
            for number, (event, title) in enumerate([("f", FERRY), ("f", f"Update: {FERRY}"), ("b", BANK)])
        ],
    )
    assert [text.language for text in og2021(tmp_path)] == ["en"] * 3
    assert stories(data=tmp_path, words_only=True) == 0
    printed = capsys.readouterr().out
    assert "| OG2021, titles | words | 1.000 | 1.000 | 1.000 |" in printed
    assert "ECB+" not in printed
