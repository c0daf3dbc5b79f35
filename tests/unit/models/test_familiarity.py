"""Texts that do not look like the language that they are said to be in."""

import numpy as np
import pytest

from pipeline.models.familiarity import FamiliarityModel, FamiliarityParams, fourgrams
from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.models.scripts import code_points

BITS = 16
KNOWN = "the harbour board approved a new pilot station on tuesday after two years of talks with skippers " * 8
LEVEL = 0.9


def _model(params: FamiliarityParams | None = None) -> FamiliarityModel:
    row = np.zeros(1 << BITS, dtype=bool)
    row[fourgrams(code_points(KNOWN), BITS)] = True
    arrays = {
        "familiar_labels": np.array(["en"]),
        "familiar_rows": np.packbits(row, bitorder="little")[None, :],
        "familiar_levels": np.array([LEVEL], np.float32),
    }
    model = FamiliarityModel.from_arrays(arrays)
    return model if params is None else FamiliarityModel(model.rows, model.levels, model.bits, params)


def test_a_text_of_known_ngrams_lacks_nothing() -> None:
    assert _model().shortfall("en", code_points(KNOWN)) == 0.0


def test_a_text_of_other_ngrams_lacks_what_the_level_asks() -> None:
    points = code_points("zqxv kjwz vvqx jjkz wqzz " * 30)
    assert _model().shortfall("en", points) == pytest.approx(LEVEL, abs=0.05)


def test_a_short_text_may_lack_more() -> None:
    half = "tuesday the harbour qzxv kjwz vvqx jjkz"
    strict, lenient = (_model(FamiliarityParams(slack=slack)) for slack in (0.0, 3.0))
    points = code_points(half)
    assert strict.shortfall("en", points) > lenient.shortfall("en", points)
    assert strict.shortfall("en", code_points(half * 20)) == pytest.approx(
        lenient.shortfall("en", code_points(half * 20)), abs=0.01
    )


@pytest.mark.parametrize(("tag", "text"), [("ja", KNOWN), ("en", ""), ("en", "a")])
def test_nothing_is_known_of_other_languages_and_of_no_text(tag: str, text: str) -> None:
    assert _model().shortfall(tag, code_points(text)) == 0.0


UNKNOWN = {
    "Walloon": "Li consey del veye a decidî mårdi di rbasti l' vî pont après des moes d' berdelaedje so çou k' i va "
    "coster, et les djins d' l' ôte costé del aiwe ni sont nén binåjhes.",
    "Ripuarian": "Dä Stadtrot hät am Dinsdaach beschlosse, dat de ahl Bröck noh Mond vun Käbbelei üvver et Jeld widder "
    "opjebaut weed, un de Lück op dä ander Sick sin nit zofredde domet.",
    "respelled": "Dhe siti kaunsil voutid on Tyuzdei tu riibild dhi ould brij aafter manths ov hiitid dibeit abaut its "
    "kost, and dhe piipl on dhi adher said ar not hapi widh dhe plaan.",
    "Picard": "Ch' consel d' el vile i a décidé mardi d' arfoaire ch' viu pont apreus des moés d' parlures su ch' qu' "
    "i coûte, et chés gins d' l' eute côté is n' sont point contints.",
    "Karakalpak": "Qala keńesi sárshenbi kúni eski kópirdi qayta qurıwǵa qarar etti, bul haqqında ayılar boyı sóz "
    "boldı hám arǵı jaǵada jasaytuǵın adamlar buǵan razı emes.",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_language_that_is_not_known_gets_no_reliable_answer(name: str, model: LanguageModel) -> None:
    found = model.detect([LanguageInput(body=UNKNOWN[name])])[0]
    assert not found.reliable, found


@pytest.mark.parametrize(
    "text",
    [
        "Results: Wiśniak bt Mucháčová 6-2 5-7 6-4; Vondráková bt Jabari 6-4 6-4; Krejčová bt Paolotti 6-2 2-6 6-4",
        "Goalscorers: Håland 12, 45+2; Ødegård 63; Sørli 88. Booked: Østgård, Berge, Aursen.",
        "Finish: Nguyễn 1:02:33, Trần 1:03:10, Phạm 1:04:02, Lê 1:05:55, Đặng 1:06:12",
        "Lane 3 Kiplagat 27:41.2, Lane 4 Åkerblom 27:43.9, Lane 5 Žukauskas 27:50.1",
    ],
)
def test_a_list_of_names_and_numbers_has_no_foreign_language(text: str, model: LanguageModel) -> None:
    assert model.detect([LanguageInput(body=text)])[0].tag in {"en", "und"}


@pytest.mark.parametrize(
    ("headline", "tag"),
    [
        ("Kontri wey dey sell fish go pay new tax, na so govnor tok", "pcm"),
        ("Why fishermen neva return to sea since Monday", "pcm"),
        ("Harbour board sack chairman, residents vex becos of road", "pcm"),
        ("Harbour board sacks chairman as residents protest over road", "en"),
        ("Don Carraro to lead inquiry into harbour road", "en"),
    ],
)
def test_headlines_in_pidgin(headline: str, tag: str, model: LanguageModel) -> None:
    assert model.detect([LanguageInput(headline=headline)])[0].tag == tag


def test_bokmaal_is_not_taken_for_nynorsk(model: LanguageModel) -> None:
    text = (
        "Styret i havna vedtok tirsdag å bygge en ny losstasjon etter to års samtaler med skippere og tre bygder. "
        "Bygget skal stå ved siden av det gamle fyret."
    )
    assert model.detect([LanguageInput(body=text)])[0].tag == "nb"
