"""Instants in the format of the schemas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.times import from_epoch_ms, to_epoch_ms


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_an_instant_survives_its_text(value: int) -> None:
    text = from_epoch_ms(value)
    assert to_epoch_ms(text) == value
    assert len(text) == len("2026-01-31T12:00:00.000Z")


def test_an_instant_has_an_offset() -> None:
    assert from_epoch_ms(1_790_000_000_123) == "2026-09-21T14:13:20.123Z"
    assert to_epoch_ms("2026-09-21T16:13:20.123+02:00") == 1_790_000_000_123
    for text in ("2026-09-21T14:13:20", "2026-09-21", "soon", ""):
        with pytest.raises(ValueError, match=r"offset|isoformat"):
            to_epoch_ms(text)
