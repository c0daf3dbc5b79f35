"""What texts are evidence for, and what a teacher adds."""

import numpy as np

from pipeline_research.training.corpora import CODES, Text
from pipeline_research.training.labels import TeacherSettings, filled, headlines, targets, taught

POLITICS, SPORT, WAR = (CODES.index(code) for code in ("11000000", "15000000", "16000000"))


def _text(source: str, *codes: str, text: str = "text") -> Text:
    return Text(source, "en", text, codes, test=False)


def test_what_a_set_has_no_label_for_hardly_counts() -> None:
    labels, weights = targets([_text("news", "11000000"), _text("news", "15000000"), _text("wars", "16000000")])
    assert labels[0].tolist() == [float(number == POLITICS) for number in range(17)]
    assert weights[0, SPORT] > weights[0, WAR] > 0
    assert weights[2, POLITICS] < weights[2, WAR]


def test_first_lines_of_articles_are_texts_too() -> None:
    line = "A headline of thirty characters or so"
    found = headlines([_text("news", "15000000", text=f"{line}\nbody"), _text("news", "15000000", text="no lines")])
    assert [(item.text, item.codes) for item in found] == [(line, ("15000000",))]


def test_a_teacher_learns_classes_by_themselves() -> None:
    rng = np.random.default_rng(2)
    known = rng.normal(0, 1, (300, 8)).astype(np.float32)
    labels = np.stack((known[:, 0] > 0, known[:, 1] > 0), axis=1).astype(np.float32)
    unknown = rng.normal(0, 1, (200, 8)).astype(np.float32)
    odds = taught(known, labels, np.ones_like(labels), unknown, TeacherSettings())
    assert np.mean((odds > 0.5) == (unknown[:, :2] > 0)) > 0.95


def test_a_teacher_speaks_only_where_the_set_is_silent() -> None:
    labels, weights = targets([_text("news", "11000000"), _text("news", "15000000")])
    odds = np.full(labels.shape, 0.7, np.float32)
    new, new_weights = filled(labels, weights, odds, TeacherSettings())
    assert new[0, WAR] == np.float32(0.7)
    assert new_weights[0, WAR] > weights[0, WAR]
    assert (new[0, POLITICS], new[0, SPORT]) == (1, 0)
    assert (new_weights[0, [POLITICS, SPORT]] == weights[0, [POLITICS, SPORT]]).all()
