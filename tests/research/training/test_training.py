"""The language models trained on a few sentences: what is written, the models read."""

import random
from pathlib import Path

import numpy as np
import pytest

from pipeline.models.close_languages import CloseLanguagesModel
from pipeline.models.ngrams import NgramModel
from pipeline.models.scripts import code_points
from pipeline_research.training.close_languages import CloseLanguagesTraining, train_close_languages
from pipeline_research.training.language import LanguageTraining, train_language
from pipeline_research.training.language_report import language_report
from tests.research.conftest import Write

ENGLISH = "the minister told people that voters in towns would elect mayors and councils next week after long debates"
GERMAN = "der minister sagte den leuten dass wähler in städten nächste woche nach langen debatten räte wählen werden"
SPORT = "striker scored goals match team coach league stadium fans cup final keeper penalty season players"
TAGS = {"eng-Latn": ENGLISH, "deu-Latn": GERMAN}


def _sentence(words: str, seed: int) -> str:
    rng = random.Random(seed)
    return " ".join(rng.choices(words.split(), k=14))


@pytest.fixture
def data(tmp_path: Path, write: Write) -> Path:
    write(
        "topic/sib200",
        [
            {
                "lang": code,
                "text": _sentence(words, number),
                "label": "politics",
                "id": str(number),
                "split": "dev" if number % 10 == 0 else "train",
            }
            for number in range(120)
            for code, words in TAGS.items()
        ],
    )
    write(
        "topic/masakhanews",
        [
            {"lang": "en", "text": f"{_sentence(words, n)}\n{_sentence(words, -n)}", "title": "", "label": label}
            for n in range(200)
            for words, label in ((SPORT, "sports"), (ENGLISH, "politics"))
        ],
    )
    leipzig = [
        {"lang": lang, "text": _sentence(words, 900 + n), "kind": "sentences"}
        for n in range(20)
        for lang, words in (("en", ENGLISH), ("de", GERMAN))
    ]
    write("lid/lingua_testdata", [*leipzig, {"lang": "en", "text": "the minister", "kind": "word-pairs"}])
    write(
        "topic/ntrex_news",
        [
            {"lang": lang, "doc": f"d{n // 2}", "text": _sentence(words, 700 + n)}
            for n in range(20)
            for lang, words in (("en", ENGLISH), ("de", GERMAN))
        ],
    )
    write(
        "raw/jawikinews",
        [{"text": "市議会は火曜日、費用をめぐる数か月の議論を経て、古い橋を建て直すことを決めた。" * 2}],
    )
    return tmp_path


def test_a_trained_language_model_distinguishes_its_languages(data: Path) -> None:
    output, log_lines = data / "language.npz", list[str]()
    train_language(data, output, LanguageTraining(bits=10, dim=6, epochs=6, batch=32), log_lines.append)
    with np.load(output, allow_pickle=False) as arrays:
        model = NgramModel.from_arrays(arrays)
        assert len(arrays["cld2_trusted"]) == len(arrays["cld2_scores"])
        assert set(arrays["familiar_labels"]) == {"de", "en"}
    assert model.labels == ("de", "en")
    for words, tag in ((ENGLISH, "en"), (GERMAN, "de")):
        assert model.rank(code_points(_sentence(words, 5000)), 1)[0][0] == tag
    assert log_lines[0] == "2 languages, 486 texts"


def test_close_languages_are_learned_with_calibrated_confidence() -> None:
    rng = random.Random(4)
    shared = ["vlada", "grad", "most", "ljudi", "kaže", "danas", "voda", "ruka", "kuća", "dan"]
    own = {"bs": "sedmica", "hr": "tjedan", "sr": "nedelja"}

    def sentence(word: str) -> str:
        return " ".join(rng.choices([*shared, word], k=8))

    source = {tag: [sentence(word) for _ in range(60)] for tag, word in own.items()}
    only_some = {"bs": ["tjedan"] * 50, "hr": ["sedmica"] * 50}
    training = CloseLanguagesTraining(bits=12, joins=40, steps=60)
    model = CloseLanguagesModel.from_arrays(train_close_languages([source, only_some], training))
    assert set(model.columns) == set(own)
    for tag, word in own.items():
        best, odds = model.rank("bs", code_points(f"vlada grad {word} most"))[0]
        assert best == tag
        assert odds > 0.7
    assert model.rank("hr", code_points("vlada grad most"))[0][1] < 0.7


def test_language_is_measured_by_set_and_language(data: Path) -> None:
    report = language_report(data, lambda _: None)
    lines = "\n".join(report.lines)
    assert "| SIB sentences | 24 |" in lines
    assert "| de | " in lines
    assert "garbage" in lines
    assert len(report.calibration["language"]) >= 30
