"""The calibration: what shifts a probability, and which files are refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.models.subjects.calibration import Calibration, Line, SecondLevel, sigmoid
from pipeline.models.subjects.params import LENGTHS, Length, LengthLimits
from pipeline.models.subjects.reading import Reading
from pipeline.models.subjects.taxonomy import CODES
from tests.unit.models.scripted_reader import PLAIN as UNCHANGING

READING = Reading("fast", tuple(-2.0 + number / 4 for number in range(len(CODES))), words=60)
PLAIN = replace(UNCHANGING, lines={"fast": UNCHANGING.lines["fast"]}, ask_below=0.8)


def _logits(
    calibration: Calibration, length: Length = "long", language: str | None = "de", script: str = "Latn"
) -> Any:
    return calibration.probabilities(READING, length, language, script)


def test_probabilities_are_rounded_to_what_is_published() -> None:
    odds = _logits(PLAIN)
    assert odds == tuple(round(sigmoid(logit), 4) for logit in READING.logits)


def test_each_length_has_a_line() -> None:
    lines = {"headline": Line(0.5, -1.0), "short": Line(1.0, 0.0), "long": Line(2.0, 1.0)}
    calibration = replace(PLAIN, lines={"fast": lines})
    for length, (slope, base) in {"headline": (0.5, -1.0), "short": (1, 0), "long": (2.0, 1.0)}.items():
        expected = tuple(round(sigmoid(slope * logit + base), 4) for logit in READING.logits)
        assert calibration.probabilities(READING, length, None, None) == expected  # type: ignore[arg-type]


def test_a_subject_is_shifted_alone() -> None:
    shifted = replace(PLAIN, subjects={"fast": {CODES[3]: 2.0}, "encoder": {CODES[4]: 2.0}})
    changed = [code for code, a, b in zip(CODES, _logits(PLAIN), _logits(shifted), strict=True) if a != b]
    assert changed == [CODES[3]]


@pytest.mark.parametrize(
    ("language", "script", "shift"),
    [
        ("de", "Latn", 1.0),
        ("de-AT", "Latn", 1.0),
        ("zh-Hant", "Hani", 3.0),
        ("zh-Hans", "Hani", 2.0),
        ("ru", "Cyrl", -1.0),  # no evidence of its own: that of the script
        (None, "Cyrl", -1.0),
        ("el", "Grek", 0.0),
        (None, None, 0.0),
    ],
)
def test_a_language_without_evidence_has_the_shift_of_its_script(
    language: str | None, script: str | None, shift: float
) -> None:
    calibration = replace(
        PLAIN, languages={"fast": {"de": 1.0, "zh": 2.0, "zh-Hant": 3.0}}, scripts={"fast": {"Cyrl": -1.0}}
    )
    assert calibration.shift("fast", language, script) == shift
    assert calibration.shift("encoder", language, script) == 0.0
    expected = tuple(round(sigmoid(logit + shift), 4) for logit in READING.logits)
    assert calibration.probabilities(READING, "long", language, script) == expected


def test_a_reader_is_not_asked_in_languages_it_does_not_support() -> None:
    calibration = replace(PLAIN, unsupported={"fast": frozenset({"dz", "sr-Latn"})})
    answers = {tag: calibration.supports("fast", tag) for tag in ("dz", "dz-BT", "sr-Latn", "sr", "en", None)}
    assert answers == {"dz": False, "dz-BT": False, "sr-Latn": False, "sr": True, "en": True, None: True}
    assert calibration.supports("encoder", "dz")


@given(st.floats(allow_nan=False))
def test_any_logit_has_a_probability(logit: float) -> None:
    assert 0 < sigmoid(logit) < 1


@pytest.mark.parametrize(
    ("words", "length"), [(0, "headline"), (19, "headline"), (20, "short"), (49, "short"), (50, "long")]
)
def test_classes_of_length(words: int, length: str) -> None:
    assert LengthLimits(short=20, long=50).length(words) == length


SECOND = {"slope": 1.0, "base": -0.5, "bar": 0.7, "reliable": 0.9, "codes": ["20000574"]}


def _plain() -> dict[str, Any]:
    lines = {length: [1.0, 0.0] for length in LENGTHS}
    shifts: dict[str, dict[str, float]] = {"fast": {}}
    return {
        "version": "cal-1",
        "lines": {"fast": lines},
        "subjects": shifts,
        "languages": shifts,
        "scripts": shifts,
        "unsupported": {"fast": []},
        "floor": 0.2,
        "further": 0.2,
        "reliable": {"fast": 0.8, "encoder": 0.8},
        "ask_below": 0.7,
    }


def test_the_second_level_is_optional() -> None:
    assert Calibration.decode(json.dumps(_plain()).encode()).second is None
    found = Calibration.decode(json.dumps({**_plain(), "second": SECOND}).encode()).second
    assert found == SecondLevel(slope=1.0, base=-0.5, bar=0.7, reliable=0.9, codes=frozenset({"20000574"}))


def test_a_file_is_read() -> None:
    found = Calibration.decode(json.dumps(_plain()).encode())
    assert (found.floor, found.lines["fast"]["long"]) == (0.2, Line(1.0, 0.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"floor": 1.5}, r"`float` <= 1.*floor"),
        ({"floor": 0.9}, "floor, further and reliable must be in ascending order"),
        ({"reliable": {"encoder": 0.8}}, "fast: floor, further and reliable"),
        ({"further": "high"}, "Expected `float`"),
        ({"version": None}, "Expected `str`"),
        ({"lines": {"fast": {"long": [1, 0], "short": [1, 0]}}}, "lines of fast: no line for headline"),
        ({"lines": {"slow": {}}}, "slow"),
        ({"lines": {"fast": {"long": [0, 0]}}}, "`float` > 0"),
        ({"lines": {"fast": {"long": [1]}}}, "length 2"),
        ({"subjects": {"fast": {"15000001": 0.1}}}, "15000001 is no top-level Media Topic"),
        ({"scripts": {"fast": {"latin": 0.1}}}, "scripts"),
        ({"languages": {"fast": {"de": 50}}}, "`float` <= 20"),
        ({"unsupported": {"fast": "dz"}}, "Expected `array`"),
        ({"more": 1}, "unknown field `more`"),
        ({"second": {**SECOND, "codes": ["15000000"]}}, "15000000 is no Media Topic of the second level"),
        ({"second": {**SECOND, "bar": 0.95}}, "bar of second must not exceed reliable"),
        ({"second": {**SECOND, "slope": 0}}, "`float` > 0"),
        ({"second": {"codes": []}}, "missing required field `slope`"),
    ],
)
def test_a_file_that_is_not_valid_is_refused_with_the_reason(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Calibration.decode(json.dumps({**_plain(), **change}).encode())


def test_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="not a calibration of subjects"):
        Calibration.decode(b"{")


def test_the_shipped_calibration_is_valid() -> None:
    found = Calibration.load()
    assert found.lines.keys() == {"encoder", "fast"}
    assert 0 < found.floor <= found.further <= min(found.reliable.values())
