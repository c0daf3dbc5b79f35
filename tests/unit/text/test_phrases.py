"""Phrases are found as by looking for each of them."""

import random

from pipeline.text.phrases import Phrases, TextWords
from pipeline.text.wordlists import load_words

WORDS = load_words("walls")
PHRASES = [*WORDS["cookie"], *WORDS["consent"], *WORDS["block"], *WORDS["robots"]]


def test_phrases_are_found_as_by_looking_for_each() -> None:
    known = Phrases.of(PHRASES)
    chance = random.Random(7)
    others = ["the", "of\nthe", "xyour choicesx", "policy", "(accept all)", "cookie", "your\nchoices"]
    for _ in range(300):
        text = " ".join(chance.choices([*PHRASES, *others], k=6))
        cut = text[chance.randrange(4) : len(text) - chance.randrange(4)]
        found = known.found(cut, TextWords.of(cut))
        assert sorted(found) == sorted(phrase for phrase in PHRASES if phrase in cut)
