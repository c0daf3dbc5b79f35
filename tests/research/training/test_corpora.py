"""What is read of the corpora."""

from pathlib import Path

import pytest

from pipeline.models.subjects.taxonomy import CODES
from pipeline.sources.errors import InputError
from pipeline_research.training.corpora import (
    held_back,
    mapping_of,
    read,
    sets_in,
    short_tags,
    tag_of,
)
from pipeline_research.training.encoder_texts import written
from tests.research.conftest import Write


def _row(number: int, label: str = "sports", **more: object) -> dict[str, object]:
    return {"lang": "en", "text": f"text number {number} of the set", "label": label, **more}


def test_labels_become_codes_and_what_has_none_is_left_out(tmp_path: Path, write: Write) -> None:
    write("topic/masakhanews", [_row(1), _row(2, "local")])
    write("topic/several", [{**_row(3), "labels": ["war", "vote", "war"]}, {**_row(4), "labels": ["nothing"]}])
    assert [item.codes for item in read(tmp_path, "masakhanews")] == [("15000000",)]
    assert [item.codes for item in read(tmp_path, "several")] == [("16000000", "11000000")]


def test_a_text_is_read_once(tmp_path: Path, write: Write) -> None:
    write("topic/masakhanews", [_row(1), {**_row(1), "text": "Text NUMBER 1 of the set!"}])
    assert len(list(read(tmp_path, "masakhanews"))) == 1


def test_a_set_with_a_split_keeps_it(tmp_path: Path, write: Write) -> None:
    rows = [_row(number, split="test" if number % 2 else "train") for number in range(20)]
    write("topic/masakhanews", rows)
    sides = {item.text: item.test for item in read(tmp_path, "masakhanews")}
    assert sides == {row["text"]: row["split"] == "test" for row in rows}


def test_a_fifth_is_held_back_of_a_set_without_a_split(tmp_path: Path, write: Write) -> None:
    write("topic/masakhanews", [_row(number) for number in range(1000)])
    found = list(read(tmp_path, "masakhanews"))
    test = [item for item in found if item.test]
    assert len(test) == 80  # the cap
    assert len(found) - len(test) == 300


def test_translations_are_on_one_side(tmp_path: Path, write: Write) -> None:
    rows = [
        {"lang": lang, "text": f"{lang} sentence {number}", "label": "politics", "id": str(number)}
        for number in range(40)
        for lang in ("eng-Latn", "arb-Arab")
    ]
    write("topic/sib200", rows)
    ids = {str(row["text"]): str(row["id"]) for row in rows}
    sides = {(ids[item.text], item.test) for item in read(tmp_path, "sib200")}
    assert sides <= {(number, held_back(number)) for number in map(str, range(40))}
    assert {test for _, test in sides} == {True, False}


def test_broken_corpora_are_named(tmp_path: Path, write: Write) -> None:
    with pytest.raises(InputError, match="no labelled sets"):
        sets_in(tmp_path)
    (tmp_path / "topic").mkdir()
    (tmp_path / "topic" / "masakhanews.jsonl.gz").write_bytes(b"no gzip")
    assert sets_in(tmp_path) == ["masakhanews"]
    with pytest.raises(InputError, match=r"masakhanews\.jsonl\.gz"):
        list(read(tmp_path, "masakhanews"))
    (tmp_path / "label_map.json").unlink()
    with pytest.raises(InputError, match=r"label_map\.json"):
        mapping_of(tmp_path)


def test_codes_of_sib200_become_tags() -> None:
    assert [tag_of(code) for code in ("arb-Arab", "zho-Hant", "prs-Arab", "npi-Deva", "en")] == [
        "ar",
        "zh-Hant",
        "fa",
        "ne",
        "en",
    ]
    assert short_tags()["deu"] == "de"


def test_what_was_written_for_training_has_every_subject_and_no_text_twice() -> None:
    texts = list(written())
    counts = {code: sum(code in item.codes for item in texts) for code in CODES}
    assert all(count >= 90 for count in counts.values())
    assert len({item.text for item in texts}) == len(texts)
    assert {item.language for item in texts} >= {"de", "en", "es", "fa", "fr", "it", "pl", "pt", "ru", "tr"}
