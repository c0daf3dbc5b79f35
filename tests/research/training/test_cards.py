"""Tables in model cards."""

from pathlib import Path

import pytest

from pipeline.sources.errors import InputError
from pipeline_research.training.cards import put_tables


def test_only_what_is_between_the_markers_changes(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("before\n<!-- tables -->\nold\n<!-- end of tables -->\nafter\n")
    put_tables(card, ["| new |"])
    put_tables(card, ["| newer |"])
    assert card.read_text() == "before\n<!-- tables -->\n\n| newer |\n\n<!-- end of tables -->\nafter\n"


def test_a_card_without_markers_is_refused(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("no markers")
    with pytest.raises(InputError, match=r"card\.md"):
        put_tables(card, [])
