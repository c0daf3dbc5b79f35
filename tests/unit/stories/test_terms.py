"""The terms of texts in several scripts, their weights, and how telling they are."""

import numpy as np

from pipeline.stories.frequencies import Frequencies, common_terms, shares_of
from pipeline.stories.params import SketchParams
from pipeline.stories.terms import term_hash, weighted_terms

PARAMS = SketchParams()


def test_words_of_the_headline_and_names_weigh_more_and_forms_of_a_word_are_one_term() -> None:
    terms = weighted_terms(
        "Bridges close", "The bridge of Lornemouth closes. In Lornemouth, 40 boats wait.", "en", PARAMS
    )
    assert terms["bridge"] == PARAMS.headline_weight + 1
    assert terms["lornem"] == 2 * PARAMS.name_factor
    assert terms["40"] == PARAMS.name_factor
    assert next(iter(terms)) in ("bridge", "lornem", "closes")


def test_case_and_accents_do_not_count() -> None:
    terms = weighted_terms("ÉLECTION à Orléans", "", "fr", PARAMS)
    assert {"electi", "orlean"} <= terms.keys()


def test_scripts_without_spaces_give_pairs_of_characters() -> None:
    assert {"地震", "震发", "发生"} <= weighted_terms("地震发生", "", "zh", PARAMS).keys()


def test_repetition_and_length_are_bounded() -> None:
    terms = weighted_terms("", "boat " * 50 + " ".join(f"w{number}" for number in range(500)), "en", PARAMS)
    assert terms["boat"] == PARAMS.max_count
    assert len(terms) == PARAMS.max_terms


def test_common_words_are_not_telling_even_to_a_fold_that_has_read_nothing() -> None:
    frequencies = Frequencies(12, 2000)
    terms = np.array([term_hash("the"), term_hash("lornem")], dtype=np.uint32)
    the, rare = frequencies.rarity(terms, shares_of(terms)).tolist()
    assert (the < 256, rare > 2000) == (True, True)
    hashes, shares = common_terms()
    assert len(hashes) == len(shares) > 5000
    assert (np.diff(hashes.astype(np.int64)) > 0).all()


def test_frequencies_are_those_of_the_present_and_the_last_half_of_the_window() -> None:
    frequencies, word = Frequencies(12, 10), np.array([term_hash("lornem")], dtype=np.uint32)

    def rarity() -> int:
        return int(frequencies.rarity(word, shares_of(word))[0])

    unknown = rarity()
    for _ in range(20):
        frequencies.add(word)
    common = rarity()
    assert common < unknown
    frequencies.roll(1)
    assert rarity() == common
    frequencies.roll(2)
    assert rarity() == unknown
    frequencies.add(word)
    frequencies.roll(9)  # longer than the window without an article
    assert rarity() == unknown
