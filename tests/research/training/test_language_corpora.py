"""What language identification is measured with, and what it may learn from."""

from pathlib import Path

import pytest

from pipeline_research.training.language_corpora import label_of, read_later_news, read_leipzig, samples
from tests.research.conftest import Write

CYRILLIC = "Градско веће је у уторак одлучило да обнови стари мост"


@pytest.fixture
def data(tmp_path: Path, write: Write) -> Path:
    write(
        "topic/sib200",
        [
            {"lang": "srp-Cyrl", "text": f"{CYRILLIC} {n}", "label": "politics", "id": str(n), "split": "dev"}
            for n in "12"
        ],
    )
    write(
        "lid/lingua_testdata",
        [{"lang": "hr", "text": f"Rečenica broj {number}.", "kind": "sentences"} for number in range(160)],
    )
    treebank = "# newdoc id = a\n# text = Prva rečenica.\n1\tPrva\n# text = Druga.\n# newdoc id = b\n# text = Treća.\n"
    (tmp_path / "lid" / "hr_set-ud-test.conllu").write_text(treebank, encoding="utf-8")
    return tmp_path


def test_nothing_is_learned_from_what_is_measured_with(data: Path) -> None:
    learned = set(read_leipzig(data)["hr"])
    sets = samples(data)
    assert len(learned) == 45
    assert not learned & {item.text for item in sets["Leipzig sentences"]}
    joined = " ".join(item.text for item in sets["Leipzig 9 sentences"])
    assert joined
    assert not any(text in joined for text in learned)


def test_serbian_is_measured_in_both_scripts(data: Path) -> None:
    found = {item.tag: item.text for item in samples(data)["SIB sentences"]}
    assert found["sr"].startswith(CYRILLIC)
    assert found["sr-Latn"].startswith("Gradsko veće je u utorak odlučilo")


def test_treebanks_are_read_by_document(data: Path) -> None:
    found = samples(data)["treebank news"]
    assert [(item.tag, item.text) for item in found] == [("hr", "Prva rečenica. Druga."), ("hr", "Treća.")]


def test_labels_keep_the_script_of_serbian_and_arabic() -> None:
    assert label_of("sr-Cyrl", "мост") == "sr"
    assert label_of("sr", "most") == "sr-Latn"
    assert label_of("ar", "salam") == "ar-Latn"
    assert label_of("ar-Latn", "سلام") == "ar"
    assert label_of("zh-Hant", "橋") == "zh"


def test_levels_come_from_news_after_those_that_are_measured(tmp_path: Path, write: Write) -> None:
    rows = [{"lang": "tr", "text": f"{number} " + "kelime " * 60, "label": "spor"} for number in range(130)]
    write("topic/tr_1150haber", [*rows, {"lang": "tr", "text": "kısa", "label": "spor"}])
    (tmp_path / "lid").mkdir(exist_ok=True)
    later = [text.split()[0] for _, text in read_later_news(tmp_path)]
    assert later == [str(number) for number in range(60, 120)]
