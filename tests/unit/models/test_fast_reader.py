"""The fast reader: what it reads, and that its answers are the same whatever is beside a text."""

import random
from importlib import resources

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.models.subjects.fast import FastParams, FastReader
from pipeline.models.subjects.reading import SubjectInput
from pipeline.models.subjects.taxonomy import CODES
from tests.unit.models.subject_texts import HEALTH, POLITICS_AR, SPORT


def _arrays() -> dict[str, NDArray[np.generic]]:
    source = resources.files("pipeline.models") / "data" / "subjects.npz"
    with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.mark.parametrize(("item", "code"), [(SPORT, "15000000"), (HEALTH, "07000000"), (POLITICS_AR, "11000000")])
def test_the_greatest_logit_is_that_of_the_subject(item: SubjectInput, code: str, fast_reader: FastReader) -> None:
    (reading,) = fast_reader.read([item])
    assert reading is not None
    assert (reading.reader, reading.vector) == ("fast", None)
    assert max(zip(reading.logits, CODES, strict=True))[1] == code


def test_a_headline_alone_is_read(fast_reader: FastReader) -> None:
    (reading,) = fast_reader.read([SubjectInput(headline="Striker injured", language="en")])
    assert reading is not None
    assert reading.words == 2


@pytest.mark.parametrize("text", ["", " \n", "?!", "qzxv wkjq vbnqz zzxqj qqwzk xvjqz wwqzx"])
def test_there_is_no_reading_without_known_words(text: str, fast_reader: FastReader) -> None:
    assert fast_reader.read([SubjectInput(body=text)]) == [None]


def test_the_share_of_known_words_is_required() -> None:
    strange = SubjectInput(headline=SPORT.headline, body="qzxv wkjq vbnqz zzxqj qqwzk xvjqz wwqzx " * 9)
    strict, lenient = (FastReader.load(FastParams(min_support=share)) for share in (0.9, 0.0))
    assert [reading is None for reading in strict.read([strange, SPORT])] == [True, False]
    assert None not in lenient.read([strange, SPORT])


def _corpus() -> list[SubjectInput]:
    rng = random.Random(3)
    words = f"{SPORT.body} {HEALTH.body} {POLITICS_AR.body} 市长 選挙で大統領が 12 2026 €5".split()
    return [
        SubjectInput(
            headline=" ".join(rng.choices(words, k=6)),
            body=" ".join(rng.choices(words, k=rng.randint(0, 400))),
            language="en",
        )
        for _ in range(150)
    ]


def test_the_answer_does_not_depend_on_batch_order_or_cache(fast_reader: FastReader) -> None:
    texts = _corpus()
    together = fast_reader.read(texts)
    assert [fast_reader.read([item])[0] for item in texts] == together
    assert fast_reader.read(texts[::-1]) == together[::-1]
    assert fast_reader.read(texts[:37]) == together[:37]
    forgetful = FastReader.load(FastParams(cache_words=1100))
    assert forgetful.read(texts) == together


def test_capitals_change_nothing(fast_reader: FastReader) -> None:
    loud = SubjectInput(headline=SPORT.headline.upper(), body=SPORT.body.upper(), language="en")
    assert fast_reader.read([loud]) == fast_reader.read([SPORT])


def test_any_text_is_accepted(fast_reader: FastReader) -> None:
    bodies = ["\ud800 a b c d e f", "\x00" * 50, "😀 " * 40, "ก" * 3000, "a" * 5000, "日本" * 900, "x " * 3000]
    readings = fast_reader.read([SubjectInput(body=body, language="en") for body in bodies])
    assert len(readings) == len(bodies)


def test_only_the_beginning_is_read(fast_reader: FastReader) -> None:
    limit = FastParams().max_chars
    long = (SPORT.body + " ") * 5
    begun = SubjectInput(headline=SPORT.headline, body=long[: limit - len(SPORT.headline) - 1], language="en")
    whole = SubjectInput(headline=SPORT.headline, body=long + HEALTH.body * 5, language="en")
    shorter = SubjectInput(headline=SPORT.headline, body=begun.body[:-40], language="en")
    read, same, other = fast_reader.read([begun, whole, shorter])
    assert read == same
    assert read != other


def test_the_version_is_known_without_loading_the_weights(fast_reader: FastReader) -> None:
    assert FastReader.shipped_version() == fast_reader.version


def test_weights_for_other_subjects_are_refused() -> None:
    arrays = _arrays()
    with pytest.raises(ValueError, match="other subjects"):
        FastReader({**arrays, "codes": arrays["codes"][::-1]})
