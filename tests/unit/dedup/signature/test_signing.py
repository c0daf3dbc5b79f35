"""Which differences between texts signatures ignore and which they keep; and that signatures never change."""

import unicodedata
from hashlib import sha256

import numpy as np
import pytest

from pipeline.dedup.near import agreement, similarity
from pipeline.dedup.signature.character_classes import classes_of
from pipeline.dedup.signature.shingles import tokenise
from pipeline.dedup.signature.signing import SIGNATURE_VERSION, SigningInput, SigningParams, sign
from pipeline.dedup.store.verdict_codec import packed_sketch
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature

ENGLISH = " ".join(f"The harbour council voted on day {i} to rebuild quay number {i * 7} for ships." for i in range(12))
ARABIC = " ".join(f"قال المجلس المحلي اليوم {i} إن الميناء سيعاد بناؤه خلال {i + 3} أشهر قادمة." for i in range(12))
JAPANESE = "".join(f"港湾評議会は{i}日、第{i * 3}埠頭の再建を賛成多数で可決したと発表した。" for i in range(12))
HINDI = " ".join(f"बंदरगाह परिषद ने दिन {i} को घाट संख्या {i * 2} के पुनर्निर्माण का निर्णय लिया।" for i in range(12))
RUSSIAN = " ".join(f"Совет порта проголосовал {i} мая за восстановление причала номер {i * 5}." for i in range(12))


def one(body: str, headline: str = "", **fields: object) -> Signature:
    values: dict[str, object] = {
        "article_id": ArticleId("a"),
        "origin": Origin("", 0, 0),
        "headline": headline,
        "body": body,
        "ingested_at_ms": 1,
        "observed_at_ms": 2,
    } | fields
    return sign([SigningInput(**values)])[0]  # type: ignore[arg-type]


def alike(left: Signature, right: Signature) -> float:
    a, b = (np.frombuffer(packed_sketch(each), dtype=np.uint8) for each in (left, right))
    return similarity(agreement(a, b))


def test_carries_what_it_is_given() -> None:
    signature = one("text", source="s", agency="AFP", action="retract")
    assert (signature.version, signature.article_id, signature.origin) == (SIGNATURE_VERSION, "a", Origin("", 0, 0))
    assert (signature.source, signature.agency, signature.action) == ("s", "AFP", "retract")
    assert (signature.ingested_at_ms, signature.observed_at_ms) == (1, 2)


@pytest.mark.parametrize(
    "other",
    [
        ENGLISH.upper(),
        ENGLISH.replace(" ", "  \n "),
        f"  {ENGLISH}\t",
        "\u200b".join(ENGLISH),
        ENGLISH.replace("h", "\u00adh"),
        unicodedata.normalize("NFD", ENGLISH),
        ENGLISH.translate({ord(char): ord(char) + 0xFEE0 for char in "abcxyz0123"}),
    ],
)
def test_case_space_controls_and_forms_of_characters_do_not_count(other: str) -> None:
    assert one(other) == one(ENGLISH)


def test_punctuation_counts_for_hashes_but_not_for_the_sketch() -> None:
    plain, marked = one(ENGLISH), one(ENGLISH.replace(".", "!"))
    assert plain.text_hash != marked.text_hash
    assert (plain.sketch, plain.numbers_hash) == (marked.sketch, marked.numbers_hash)


def test_marks_over_letters_do_not_count_for_the_sketch() -> None:
    assert one(ARABIC.replace("م", "مُ")).sketch == one(ARABIC).sketch
    assert one(ARABIC.replace("ا", "اـ")).sketch == one(ARABIC).sketch


def test_the_headline_is_in_the_content_only() -> None:
    first, second = one(ENGLISH, "one"), one(ENGLISH, "two")
    assert first.text_hash == second.text_hash
    assert first.content_hash != second.content_hash
    assert first.sketch == second.sketch


def test_headline_and_body_are_hashed_separately() -> None:
    assert one("b", "a").content_hash != one("a b").content_hash
    assert one("", "a").content_hash != one("a", "").content_hash


@pytest.mark.parametrize("words", [1, 20_000, 60_000])
def test_a_word_has_one_hash_wherever_it_stands_in_a_text(words: int) -> None:
    points = np.frombuffer(("harbour " * words).encode(), dtype=np.uint8)
    tokens = tokenise(points, classes_of(points), np.zeros(1, dtype=np.int64), SigningParams())
    alone = tokenise(points[:8], classes_of(points[:8]), np.zeros(1, dtype=np.int64), SigningParams())
    assert len(tokens.whole) == words
    assert set(tokens.whole.tolist()) == set(alone.whole.tolist())
    assert set(tokens.hashes.tolist()) == set(alone.hashes.tolist())


def test_an_empty_body_has_no_text_hash() -> None:
    for body in ("", " \n", "\u200b"):
        signature = one(body)
        assert (signature.text_hash, signature.sketch, signature.shingles) == (b"", b"", 0)
        assert signature.content_hash


def test_numbers_count_whatever_their_order_or_digits() -> None:
    base = one("5 goals and 17 saves")
    assert base.numbers_hash == one("17 saves and 5 goals").numbers_hash
    assert base.numbers_hash == one("５ goals and 17 saves").numbers_hash
    assert base.numbers_hash != one("5 goals and 18 saves").numbers_hash
    assert base.numbers_hash != one("5 goals and 17 saves, 5").numbers_hash
    assert one("no goals").numbers_hash == bytes(8)


def test_short_texts_have_no_sketch() -> None:
    params = SigningParams()
    words = [f"w{i}" for i in range(params.min_shingles + 2)]
    assert one(" ".join(words)).sketch
    assert one(" ".join(words)).shingles == params.min_shingles
    assert not one(" ".join(words[:-1])).sketch


@pytest.mark.parametrize(
    ("text", "script"),
    [(ENGLISH, "Latn"), (ARABIC, "Arab"), (HINDI, "Deva"), (RUSSIAN, "Cyrl"), ("12 34", "Zyyy"), ("", "Zyyy")],
)
def test_names_the_script(text: str, script: str) -> None:
    assert one(text).script == script


def test_scripts_without_spaces_are_cut_into_characters() -> None:
    signature = one(JAPANESE)
    assert signature.shingles > 200
    half = one(JAPANESE[: len(JAPANESE) // 2])
    assert 0.3 < alike(signature, half) < 0.7


def test_the_estimate_is_near_the_truth() -> None:
    words = [f"{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{i}" for i in range(1200)]
    whole = one(" ".join(words[:800]))
    for kept in (600, 400, 200):
        assert abs(alike(whole, one(" ".join(words[:kept]))) - kept / 800) < 0.13
    assert alike(whole, one(" ".join(words[850:]))) < 0.05


def test_a_batch_gives_what_each_gives_alone() -> None:
    texts = [ENGLISH, "", ARABIC, JAPANESE, "one", HINDI, RUSSIAN, "\ud800 lone", ENGLISH[:200], "1 2 3", "\n\n"] * 2
    batch = [
        SigningInput(
            article_id=ArticleId(str(i)),
            origin=Origin("", 0, i),
            headline=text[:20],
            body=text,
            ingested_at_ms=0,
            observed_at_ms=0,
        )
        for i, text in enumerate(texts)
    ]
    assert sign(batch) == [sign([item])[0] for item in batch]
    assert sign([]) == []


def test_a_very_long_text_is_signed() -> None:
    assert one("word and more " * 20_000).shingles == 59_998


GOLDEN = {
    "english": (ENGLISH, "8a6d4ae5499d68280ae93b86ee88d6f4"),
    "arabic": (ARABIC, "1e9ecbc39eb2ec5107b4cc2778bd4642"),
    "japanese": (JAPANESE, "e7cd9b589505429944e2ebff25621e87"),
    "hindi": (HINDI, "7ccf5b81430b9f1ce21c08a5f55434ba"),
    "russian": (RUSSIAN, "be80f46bc36bc59f6eccd0e366c6a97f"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_signatures_never_change(name: str) -> None:
    """A failure here means that every article of the window would look new: raise SIGNATURE_VERSION instead."""
    text, digest = GOLDEN[name]
    signature = one(text, "Headline")
    parts = (
        signature.content_hash,
        signature.text_hash,
        signature.sketch,
        signature.numbers_hash,
        signature.script.encode(),
        signature.shingles.to_bytes(4, "big"),
    )
    assert sha256(b"|".join(parts)).hexdigest()[:32] == digest
