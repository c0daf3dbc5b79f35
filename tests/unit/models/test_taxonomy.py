"""The names of subjects."""

import pytest

from pipeline.models.subjects.taxonomy import CODES, SECOND_LEVEL, SUBJECT_NAMES, local_names


@pytest.mark.parametrize(
    ("language", "name"),
    [("pt", "esporte"), ("pt-PT", "desporto"), ("ar", "رياضة"), ("zh", "体育"), ("zh-Hans", "体育"), ("zh-Hant", None)],
)
def test_names_follow_region_and_script(language: str, name: str | None) -> None:
    assert local_names(language).get("15000000") == name


def test_every_language_with_names_has_all_of_them() -> None:
    for language in ("ar", "da", "de", "es", "fr", "it", "ja", "nb", "nn", "pt", "sv", "zh"):
        assert set(local_names(language)) == set(SUBJECT_NAMES)
    assert not local_names("en")
    assert not local_names(None)


def test_codes_ascend() -> None:
    assert list(CODES) == sorted(SUBJECT_NAMES)


def test_the_second_level_belongs_to_the_first() -> None:
    assert len(SECOND_LEVEL) == 121
    assert {child.parent for child in SECOND_LEVEL.values()} == set(CODES)
    assert not SECOND_LEVEL.keys() & set(CODES)
    assert all(len(code) == 8 and code.isdecimal() for code in SECOND_LEVEL)
