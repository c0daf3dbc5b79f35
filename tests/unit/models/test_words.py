"""Words and pieces."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.subjects.words import Vocabulary, features_of, words_of

VOCABULARY = Vocabulary(
    {
        "▁foot": 0,
        "ball": 1,
        "▁football": 2,
        "er": 3,
        "s": 4,
        "新聞": 5,
        "記者": 6,
        "新": 7,
    }
)


def test_cuts_a_word_into_the_longest_known_pieces() -> None:
    assert VOCABULARY.cut("football") == [2]
    assert VOCABULARY.cut("footballers") == [2, 3, 4]
    assert VOCABULARY.cut("foots") == [0, 4]
    assert VOCABULARY.cut("s" * 90) == [4] * 16


def test_unknown_characters_are_left_out() -> None:
    assert VOCABULARY.cut("football☃") == [2]
    assert VOCABULARY.cut("☃☃") == []


def test_words_are_lower_case_without_punctuation() -> None:
    assert words_of("«Foot-Ball», said 3 (three) PEOPLE!", VOCABULARY, 99) == [
        "foot",
        "ball",
        "said",
        "3",
        "three",
        "people",
    ]


def test_vowel_signs_stay_in_their_words() -> None:
    assert words_of("हिन्दी में समाचार।", VOCABULARY, 99) == ["हिन्दी", "में", "समाचार"]


def test_unspaced_scripts_are_cut_into_known_pieces() -> None:
    assert words_of("新聞記者、新人 ok", VOCABULARY, 99) == ["新聞", "記者", "新", "人", "ok"]
    assert words_of("新聞記者、新人 ok", VOCABULARY, 2) == ["新聞", "ok"]


def test_numbers_count_by_their_length() -> None:
    assert features_of("2026", VOCABULARY)[1:] == features_of("1999", VOCABULARY)[1:]
    assert features_of("7", VOCABULARY)[2] != features_of("1999", VOCABULARY)[2]


def test_features_of_a_word() -> None:
    counts = {word: len(features_of(word, VOCABULARY)[2]) for word in ("abcde", "abcdef", "foots", "football", "新聞")}
    # Itself; with its stem; with two pieces; with its stem, as one piece is the word itself; unspaced.
    assert counts == {"abcde": 1, "abcdef": 2, "foots": 3, "football": 2, "新聞": 1}
    longest = VOCABULARY.params.max_word_chars
    assert features_of("x" * (longest + 1), VOCABULARY) == features_of("x" * longest, VOCABULARY)
    assert features_of("x" * longest, VOCABULARY) != features_of("x" * (longest - 1), VOCABULARY)


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    for word in words_of(text, VOCABULARY, 20):
        own, pieces, hashes = features_of(word, VOCABULARY)
        assert 0 <= own < 2**32
        assert len(hashes) >= 1
        assert all(piece in range(8) for piece in pieces)
