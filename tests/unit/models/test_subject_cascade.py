"""Who is asked: the fast reader, the encoder, or both."""

import pytest
from msgspec.structs import replace

from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.classifier import SubjectClassifier
from pipeline.models.subjects.params import SubjectParams
from tests.unit.models.scripted_reader import ENCODER, FAST, PLAIN, SURE, UNSURE, ScriptedReader, logits_of, text_of


def _cascade(
    calibration: Calibration = PLAIN, *, vectors: bool = False
) -> tuple[SubjectClassifier, ScriptedReader, ScriptedReader]:
    by_headline = {"sure of": SURE, "unsure of": UNSURE}
    fast = ScriptedReader(
        "fast", lambda text: None if "unread" in text else logits_of(("15000000", by_headline.get(text[:-2], SURE)))
    )
    encoder = ScriptedReader(
        "encoder", lambda text: None if "dark" in text else logits_of(("11000000", SURE)), b"\x01" * 384
    )
    params = SubjectParams(reader="cascade", vectors=vectors)
    return SubjectClassifier(calibration=calibration, params=params, fast=fast, encoder=encoder), fast, encoder


def test_the_encoder_is_asked_where_the_fast_reader_is_unsure() -> None:
    classifier, fast, encoder = _cascade()
    results = classifier.classify(
        [text_of("sure of a"), text_of("unsure of b"), text_of(""), text_of("unread c"), text_of("sure of d")]
    )
    assert fast.asked == [["sure of a", "unsure of b", "unread c", "sure of d"]]
    assert encoder.asked == [["unsure of b", "unread c"]]
    assert [result.reader for result in results] == ["fast", "encoder", None, "encoder", "fast"]
    assert [[item.method for item in result.subjects] for result in results] == [
        ["fast"],
        ["encoder"],
        [],
        ["encoder"],
        ["fast"],
    ]
    assert not any(result.vector for result in results)


def test_the_bar_below_which_the_encoder_is_asked_is_of_the_calibration() -> None:
    for bar, asked in ((0.9526, []), (0.9527, [["sure of a"]])):
        classifier, _, encoder = _cascade(replace(PLAIN, ask_below=bar))
        classifier.classify([text_of("sure of a")])
        assert encoder.asked == asked


def test_the_fast_answer_counts_where_the_encoder_has_none() -> None:
    classifier, _, _ = _cascade(replace(PLAIN, ask_below=1.0))
    known, unknown = classifier.classify([text_of("dark words"), text_of("dark and unread")])
    assert [item.method for item in known.subjects] == ["fast"]
    assert unknown.reason == "language_unsupported"


def test_a_reader_is_passed_over_in_languages_it_does_not_support() -> None:
    without = {"fast": frozenset({"dz"}), "encoder": frozenset({"bo"})}
    classifier, fast, encoder = _cascade(replace(PLAIN, unsupported=without))
    results = classifier.classify([text_of("sure of a", "dz"), text_of("unsure of b", "bo")])
    assert (fast.asked, encoder.asked) == ([["unsure of b"]], [["sure of a"]])
    assert [result.reader for result in results] == ["encoder", "fast"]


def test_in_no_known_language_the_lesser_probability_of_both_readers_counts() -> None:
    logits = {"fast": {"15000000": SURE, "11000000": UNSURE}, "encoder": {"15000000": UNSURE, "11000000": UNSURE}}
    fast, encoder = (
        ScriptedReader(name, lambda _, name=name: logits_of(*logits[name].items()))  # type: ignore[misc]
        for name in ("fast", "encoder")
    )
    classifier = SubjectClassifier(calibration=PLAIN, params=SubjectParams(), fast=fast, encoder=encoder)
    (known,) = classifier.classify([text_of("sure of a")])
    assert ([item.confidence for item in known.subjects], encoder.asked) == ([0.9526, 0.5], [])
    (unknown,) = classifier.classify([text_of("sure of a", None)])
    assert [(item.code, item.confidence, item.reliable) for item in unknown.subjects] == [
        ("medtop:11000000", 0.5, False),
        ("medtop:15000000", 0.5, False),
    ]
    assert unknown.reader == "encoder"


def test_in_no_known_language_readers_that_agree_are_reliable() -> None:
    readers = {name: ScriptedReader(name, lambda _: logits_of(("15000000", SURE))) for name in ("fast", "encoder")}
    both = SubjectClassifier(calibration=PLAIN, params=SubjectParams(), **readers)
    assert [item.reliable for item in both.classify([text_of("a b", None)])[0].subjects] == [True]
    for params in (FAST, ENCODER):
        alone = SubjectClassifier(calibration=PLAIN, params=params, **readers)
        results = alone.classify([text_of("a b", None), text_of("a b")])
        assert [[item.reliable for item in result.subjects] for result in results] == [[False], [True]]


def test_text_in_no_known_language_and_of_unknown_words_has_no_subject() -> None:
    classifier, _, encoder = _cascade()
    (result,) = classifier.classify([text_of("unread a", None)])
    assert (result.reason, encoder.asked) == ("language_unsupported", [])


def test_with_vectors_the_encoder_reads_and_answers_everything() -> None:
    classifier, _, encoder = _cascade(vectors=True)
    sure, empty = classifier.classify([text_of("sure of a"), text_of("")])
    assert encoder.asked == [["sure of a"]]
    assert sure.vector is not None
    assert (sure.reader, sure.vector.model, sure.vector.dimensions) == ("encoder", "encoder-1", 384)
    assert sure.vector.values == b"\x01" * 384
    assert empty.vector is None


def test_an_article_below_the_floor_has_a_vector_too() -> None:
    encoder = ScriptedReader("encoder", lambda _: logits_of(), b"\x02" * 384)
    params = replace(ENCODER, vectors=True)
    (result,) = SubjectClassifier(calibration=PLAIN, params=params, encoder=encoder).classify([text_of("some words")])
    assert result.reason == "below_floor"
    assert result.vector is not None


def test_a_result_does_not_depend_on_the_texts_beside_it() -> None:
    texts = [text_of(text) for text in ("sure of a", "unsure of b", "", "unread c", "dark d", "unsure of e")]
    classifier, _, _ = _cascade()
    together = classifier.classify(texts)
    assert [classifier.classify([item])[0] for item in texts] == together
    assert classifier.classify(texts[::-1]) == together[::-1]
    assert classifier.classify([]) == []


def test_the_encoder_alone_never_asks_the_fast_reader() -> None:
    fast = ScriptedReader("fast", lambda _: logits_of(("15000000", SURE)))
    encoder = ScriptedReader("encoder", lambda _: logits_of(("11000000", SURE)))
    classifier = SubjectClassifier(calibration=PLAIN, params=ENCODER, fast=fast, encoder=encoder)
    (result,) = classifier.classify([text_of("some words")])
    assert (result.reader, fast.asked) == ("encoder", [])


@pytest.mark.parametrize(
    ("params", "given", "message"),
    [
        (ENCODER, {"fast"}, "no encoder reader"),
        (SubjectParams(), {"fast"}, "no encoder reader"),
        (SubjectParams(), {"encoder"}, "no fast reader"),
        (replace(FAST, vectors=True), {"fast"}, "no vectors"),
    ],
)
def test_a_missing_reader_is_an_error(params: SubjectParams, given: set[str], message: str) -> None:
    readers = {name: ScriptedReader(name, lambda _: None) for name in given}  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        SubjectClassifier(calibration=PLAIN, params=params, **readers)


def test_a_reader_without_a_calibration_is_an_error() -> None:
    calibration = replace(PLAIN, lines={})
    with pytest.raises(ValueError, match="no calibration for the fast reader"):
        SubjectClassifier(calibration=calibration, params=FAST, fast=ScriptedReader("fast", lambda _: None))
