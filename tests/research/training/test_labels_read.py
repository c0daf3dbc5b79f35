"""Labels by reading: what is loaded, how a text is identified, and what is held out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_research.training import labels_read
from pipeline_research.training.labels_read import is_held_out, read_labels, text_id

Write = Callable[..., None]


@pytest.fixture
def no_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels_read, "_label_files", list)


def test_a_text_is_identified_by_its_beginning() -> None:
    assert text_id("a" * 200) == text_id("a" * 500) != text_id("a" * 199)


def test_one_text_of_ten_is_held_out() -> None:
    held = sum(is_held_out(text_id(str(number))) for number in range(2000))
    assert 150 < held < 250


@pytest.mark.usefixtures("no_labels")
def test_translations_share_a_group_and_texts_do_not(tmp_path: Path, write: Write) -> None:
    row = {"doc": "d1", "label": "11000000", "labels": ["11000000", "skip", "15000000"]}
    write("topic/ntrex_news", [{**row, "lang": "de", "text": "eins"}, {**row, "lang": "fr", "text": "un"}])
    write("topic/sib200", [{"lang": "deu-Latn", "id": "7", "label": "sports", "text": "Satz"}])
    write("topic/read_sanad", [{"lang": "ar", "label": "skip", "labels": ["skip"], "text": "x"}])
    (tmp_path / "sib200_iptc.tsv").write_text("7\t13000000,07000000\n8\t-\n", encoding="utf-8")
    german, french, sentence = read_labels(tmp_path)
    assert (german.doc, french.doc, german.held_out) == ("d1", "d1", french.held_out)
    assert german.codes == ("11000000", "15000000")
    assert (sentence.doc, sentence.language, sentence.codes) == ("7", "de", ("13000000", "07000000"))


def test_labels_of_the_package_are_joined_with_their_texts_and_win(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        "raw/jawikinews", [{"lang": "ja", "title": "見出し", "text": "本文"}, {"lang": "ja", "title": "t", "text": "b"}]
    )
    write("topic/read_jawikinews", [{"lang": "ja", "labels": ["04000000"], "text": "見出し\n本文"}])
    labels = tmp_path / "more.tsv"
    key = text_id("見出し\n本文")
    labels.write_text(f"set\tid\tcodes\njawikinews\t{key}\t11,16000000\n", encoding="utf-8")
    monkeypatch.setattr(labels_read, "_label_files", lambda: [labels])
    assert [(item.set, item.codes, item.doc) for item in read_labels(tmp_path)] == [
        ("jawikinews", ("11000000", "16000000"), None)
    ]
