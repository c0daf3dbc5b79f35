"""Corrections that a page states in its JSON-LD."""

import json

import pytest

from pipeline.text.page.json_ld import read_json_ld
from pipeline.text.page.page_metadata import PageMetadata


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("The sum was wrong.", ["The sum was wrong."]),
        ({"@type": "CorrectionComment", "text": "The sum was wrong."}, ["The sum was wrong."]),
        ([{"@type": "CorrectionComment", "text": "One."}, "Two.", 3, None, {}], ["One.", "Two."]),
        (None, []),
        ("", []),
    ],
)
def test_corrections_are_texts_or_comments(stated: object, found: list[str]) -> None:
    metadata = PageMetadata()
    block = json.dumps({"@type": "NewsArticle", "headline": "Road closed", "correction": stated})
    read_json_ld([block], list, metadata)
    assert metadata.corrections == found
