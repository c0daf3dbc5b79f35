"""The subject model on texts written for this test."""

import random
from importlib import resources

import numpy as np
import pytest

from pipeline.models.subjects import SubjectInput, SubjectModel, SubjectParams
from pipeline.models.taxonomy import SUBJECT_NAMES, local_names

SPORT = SubjectInput(
    headline="United win the cup final after extra time",
    body="The striker scored twice in the second half and the goalkeeper saved a late penalty as the team won the "
    "championship match in front of sixty thousand football fans. The coach praised his players after the game "
    "and said the club would now prepare for the next season and the league.",
    language="en",
)
HEALTH = SubjectInput(
    headline="Hospitals report fewer flu patients",
    body="Doctors said that vaccination had reduced the number of infections. The health ministry advised patients "
    "with symptoms to see a doctor, and hospitals opened new wards for the treatment of the "
    "disease. Nurses and doctors in the capital treated children with fever in the new clinic.",
    language="en",
)
POLITICS_AR = SubjectInput(
    headline="الرئيس يلتقي رئيس الوزراء لبحث تشكيل الحكومة الجديدة",
    body="التقى رئيس الجمهورية رئيس الوزراء وعددا من الوزراء لبحث تشكيل الحكومة الجديدة بعد الانتخابات البرلمانية، "
    "وقال المتحدث باسم الرئاسة إن المشاورات مع الأحزاب السياسية ستستمر خلال الأيام المقبلة.",
    language="ar",
)


@pytest.mark.parametrize(
    ("item", "code"),
    [(SPORT, "medtop:15000000"), (HEALTH, "medtop:07000000"), (POLITICS_AR, "medtop:11000000")],
)
def test_subject_of_plain_texts(item: SubjectInput, code: str, subjects: SubjectModel) -> None:
    (result,) = subjects.classify([item])
    assert result.subjects[0].code == code
    assert result.subjects[0].confidence >= 0.5
    assert result.subjects[0].name == SUBJECT_NAMES[code.removeprefix("medtop:")]
    assert result.subjects[0].scheme_version == subjects.taxonomy_version
    assert result.reason is None


@pytest.mark.parametrize(("language", "name"), [("en", None), ("id", None), ("es", "Deporte"), ("fr", "Sport")])
def test_the_local_name_is_that_of_the_iptc(language: str, name: str | None, subjects: SubjectModel) -> None:
    # The text is the same in all cases; only the given language differs.
    item = SubjectInput(headline=SPORT.headline, body=SPORT.body * 2, language=language)
    (result,) = subjects.classify([item])
    assert result.subjects[0].name == "sport"
    assert result.subjects[0].local_name == name


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


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (SubjectInput(language="en"), "too_short"),
        (SubjectInput(headline="Breaking news", language="en"), "too_short"),
        (SubjectInput(headline=SPORT.headline, body=SPORT.body), "language_unsupported"),
        (SubjectInput(headline=SPORT.headline, body=SPORT.body, language="und"), "language_unsupported"),
        (SubjectInput(headline=SPORT.headline, body=SPORT.body, language="tlh"), "language_unsupported"),
    ],
)
def test_reasons_for_no_subject(item: SubjectInput, reason: str, subjects: SubjectModel) -> None:
    (result,) = subjects.classify([item])
    assert (result.subjects, result.reason) == ((), reason)


def test_abstains_if_too_few_words_were_in_the_training_texts() -> None:
    strict = SubjectModel.load(SubjectParams(min_support=0.9))
    strange = SubjectInput(headline=SPORT.headline, body="qzxv wkjq vbnqz zzxqj qqwzk xvjqz wwqzx " * 9, language="en")
    results = strict.classify([strange, SPORT])
    assert [item.reason for item in results] == ["low_support", None]


def test_abstains_below_the_threshold() -> None:
    timid = SubjectModel.load(SubjectParams(threshold=1.1))
    (result,) = timid.classify([SPORT])
    assert (result.subjects, result.reason) == ((), "low_confidence")


def test_at_most_three_subjects_the_most_probable_first() -> None:
    source = resources.files("pipeline.models") / "data" / "subjects.npz"
    with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        bold = SubjectModel({**arrays, "validation": ["en long 0.0 0.0"]}, SubjectParams(threshold=0.0))
    (result,) = bold.classify([SPORT])
    confidences = [item.confidence for item in result.subjects]
    assert len(confidences) == 3
    assert confidences == sorted(confidences, reverse=True)


def test_confidence_is_calibrated_by_length_and_by_language() -> None:
    source = resources.files("pipeline.models") / "data" / "subjects.npz"
    with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    plain = {"length_slopes": np.ones(3), "length_shifts": np.zeros(3), "validation": ["en long 0.5 0.0"]}
    model = SubjectModel({**found, **plain})
    bolder = SubjectModel({**found, **plain, "length_shifts": np.array([0.0, 0.0, 1.0])})
    timid = SubjectModel({**found, **plain, "validation": ["en long 0.5 -1.0"]})
    (odds, short), (up, same), (down, _) = (
        item.probabilities([SPORT, SubjectInput(headline=SPORT.headline, language="en")])
        for item in (model, bolder, timid)
    )
    assert odds
    assert up
    assert down
    assert up["15000000"] > odds["15000000"] > down["15000000"]
    assert short == same
    assert model.classify([SPORT])[0].subjects[0].confidence == round(odds["15000000"], 4)


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


def test_the_answer_does_not_depend_on_batch_order_or_cache(subjects: SubjectModel) -> None:
    texts = _corpus()
    together = subjects.probabilities(texts)
    assert [subjects.probabilities([item])[0] for item in texts] == together
    assert subjects.probabilities(texts[::-1]) == together[::-1]
    assert subjects.probabilities(texts[:37]) == together[:37]
    forgetful = SubjectModel.load(SubjectParams(cache_words=1100))
    assert forgetful.probabilities(texts) == together


def test_capitals_change_nothing(subjects: SubjectModel) -> None:
    loud = SubjectInput(headline=SPORT.headline.upper(), body=SPORT.body.upper(), language="en")
    assert subjects.classify([loud]) == subjects.classify([SPORT])


def test_any_text_is_accepted(subjects: SubjectModel) -> None:
    bodies = ["\ud800 a b c d e f", "\x00" * 50, "😀 " * 40, "ก" * 3000, "a" * 5000, "日本" * 900, "x " * 3000]
    results = subjects.classify([SubjectInput(body=body, language="en") for body in bodies])
    assert len(results) == len(bodies)


WORD_LENGTHS = (4, 5, 19, 20, 49, 50)


def test_classes_of_length(subjects: SubjectModel) -> None:
    found = [subjects.length_of(SubjectInput(body="word " * words)) for words in WORD_LENGTHS]
    assert found == [None, "headline", "headline", "short", "short", "long"]


def test_only_the_beginning_is_read(subjects: SubjectModel) -> None:
    limit = SubjectParams().max_chars
    long = (SPORT.body + " ") * 5
    begun = SubjectInput(headline=SPORT.headline, body=long[: limit - len(SPORT.headline) - 1], language="en")
    whole = SubjectInput(headline=SPORT.headline, body=long + HEALTH.body * 5, language="en")
    shorter = SubjectInput(headline=SPORT.headline, body=begun.body[:-40], language="en")
    read, same, other = subjects.probabilities([begun, whole, shorter])
    assert read == same
    assert read != other


def _with_validation(*rows: str, **params: float) -> SubjectModel:
    source = resources.files("pipeline.models") / "data" / "subjects.npz"
    with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return SubjectModel({**arrays, "validation": list(rows)}, SubjectParams(**params))  # type: ignore[arg-type]


def test_the_higher_of_two_thresholds_counts() -> None:
    (odds,) = _with_validation("en long 0.0 0.0").probabilities([SPORT])
    assert odds is not None
    best = max(odds.values())
    for own, needed, answered in (
        (0.0, best, True),
        (0.0, best + 1e-9, False),
        (best, 0.0, True),
        (best + 1e-9, 0, False),
    ):
        (result,) = _with_validation(f"en long {needed!r} 0.0", threshold=own).classify([SPORT])
        assert bool(result.subjects) == answered


def test_lengths_are_served_one_by_one() -> None:
    model = _with_validation("en headline 0.0 0.0")
    headline = SubjectInput(headline=SPORT.headline, language="en")
    reasons = [item.reason for item in model.classify([headline, SPORT])]
    assert reasons == [None, "language_unsupported"]


def test_a_region_is_served_like_its_language(subjects: SubjectModel) -> None:
    american = SubjectInput(headline=SPORT.headline, body=SPORT.body, language="en-US")
    assert subjects.classify([american])[0].subjects == subjects.classify([SPORT])[0].subjects
