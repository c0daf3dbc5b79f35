"""Which languages may be served: on weights made here, whose model likes sport."""

from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from pipeline import models
from pipeline.models.subjects import SubjectInput, SubjectModel
from pipeline_research.training.corpora import Text, read
from pipeline_research.training.validation import PLAIN, ValidationParams, bundles, lower_bound, validated
from tests.research.training.conftest import Write

WORDS = "football match goal striker team coach league season stadium fans penalty keeper cup final champion players"


def _sport(number: int, words: int) -> str:
    return f"{number} " + " ".join((WORDS.split() * 5)[number % 7 :][:words])


def _arrays() -> dict[str, object]:
    with (Path(models.__file__).parent / "data" / "subjects.npz").open("rb") as file:
        found = np.load(file, allow_pickle=False)
        return {name: found[name] for name in found.files if name not in PLAIN}


@pytest.fixture(scope="module")
def arrays() -> dict[str, object]:
    return _arrays()


def _lines(arrays: dict[str, object], data: Path) -> dict[tuple[str, str], list[str]]:
    lines = validated(arrays, data, ValidationParams(min_texts=8))["validation"].tolist()
    return {(tag, length): rest for tag, length, *rest in (line.split() for line in lines)}


def test_a_language_is_served_at_the_lengths_that_hold(tmp_path: Path, write: Write, arrays: dict[str, object]) -> None:
    long = [{"lang": "en", "text": _sport(n, 60), "label": "sports", "split": "test"} for n in range(70)]
    wrong = [{"lang": "fr", "text": _sport(n, 60), "label": "vote", "split": "test"} for n in range(70)]
    train = [{"lang": "en", "text": "other", "label": "sports", "split": "train"}]
    write("topic/masakhanews", long + train)
    write("topic/several", [*wrong, {**train[0], "label": "vote"}])
    lines = _lines(arrays, tmp_path)
    assert ("en", "long") in lines
    _, _, kind, texts, answers, right = lines["en", "long"]
    assert kind == "news"
    assert int(texts) >= int(answers) >= int(right) >= 0.75 * int(answers)
    assert not any(tag == "fr" for tag, _ in lines)


def test_joined_headlines_stand_for_articles(tmp_path: Path, write: Write, arrays: dict[str, object]) -> None:
    titles = [{"lang": "en", "text": _sport(n, 16), "label": "sports", "split": "test"} for n in range(600)]
    write("topic/masakhanews", [*titles, {"lang": "en", "text": "other", "label": "sports", "split": "train"}])
    lines = _lines(arrays, tmp_path)
    assert lines["en", "headline"][2] == "news"
    assert lines["en", "long"][2] == "joined"


def test_ten_answers_of_which_two_are_wrong_prove_nothing(
    tmp_path: Path, write: Write, arrays: dict[str, object]
) -> None:
    rows = [{"lang": "en", "text": _sport(n, 60), "label": "sports", "split": "test"} for n in range(24)]
    write("topic/masakhanews", [*rows, {"lang": "en", "text": "other", "label": "sports", "split": "train"}])
    sure = ValidationParams(min_texts=8)
    assert ("en", "long") in _lines(arrays, tmp_path)
    strict = validated(arrays, tmp_path, structs.replace(sure, min_bound=0.99))["validation"].tolist()
    assert not any(line.startswith("en long") for line in strict)


def test_the_bound_is_wilsons() -> None:
    assert lower_bound(0, 0) == 0
    assert lower_bound(8, 8) == pytest.approx(0.747, abs=0.001)
    assert lower_bound(80, 100) == pytest.approx(0.727, abs=0.001)


def test_sentences_count_whatever_their_length_but_are_no_headlines(
    tmp_path: Path, write: Write, arrays: dict[str, object]
) -> None:
    rows = [
        {"lang": "eng-Latn", "text": _sport(n, 12 if n % 2 else 30), "label": "sports", "id": str(n)}
        for n in range(900)
    ]
    write("topic/sib200", rows)
    lines = _lines(arrays, tmp_path)
    assert ("en", "headline") not in lines
    assert lines["en", "short"][2] == lines["en", "long"][2] == "sentences"
    assert int(lines["en", "short"][3]) == sum(item.test and item.chooses for item in read(tmp_path, "sib200"))


def test_a_table_that_was_made_is_one_the_model_reads(tmp_path: Path, write: Write, arrays: dict[str, object]) -> None:
    texts = [{"lang": "en", "text": _sport(n, 60), "label": "sports", "split": "test"} for n in range(70)]
    write("topic/masakhanews", [*texts, {"lang": "en", "text": "other", "label": "sports", "split": "train"}])
    model = SubjectModel({**arrays, **validated(arrays, tmp_path)})
    (result,) = model.classify([SubjectInput(body=_sport(3, 60), language="en-GB")])
    assert result.subjects[0].code == "medtop:15000000"


def test_bundles_keep_source_language_and_subject_apart() -> None:
    texts = [Text("a", lang, f"{n}", (code,), test=True) for lang in "xy" for code in "12" for n in range(5)]
    found = bundles(texts, 2)
    assert len(found) == 8
    assert all(len(item.text.split("\n")) == 2 and item.language in "xy" for item in found)
