"""Which names may occur in a text without spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.places.beginnings import Beginnings

NAMES = ("北京", "北海道", "东京", "กรุงเทพ", "ไทย", "a")


@pytest.mark.parametrize("length", [2, 4])
@given(text=st.text(alphabet="北京海道东กรุงเทพไทยa \U00020000"))
def test_all_names_of_a_text_are_found_by_their_beginnings(length: int, text: str) -> None:
    found = Beginnings.of(NAMES, length).in_text(text)
    for name in NAMES:
        if name in text:
            assert name[:length] in found


def test_only_beginnings_that_occur_are_found() -> None:
    beginnings = Beginnings.of(NAMES, 2)
    assert beginnings.in_text("从北京到东京") == {"北京", "东京", "a"}
    assert beginnings.in_text("\U00020000北海") == {"北海", "a"}
    assert beginnings.in_text("北") == {"a"}
    assert beginnings.in_text("") == {"a"}
