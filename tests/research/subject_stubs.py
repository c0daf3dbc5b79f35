"""A subject reader that knows a few words, and small corpora for it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pipeline.domain.subject import ReaderName
from pipeline.models.subjects.reading import Reading, SubjectInput
from pipeline.models.subjects.taxonomy import CODES

__all__ = ["WORDS", "WordReader", "write_subject_corpora"]

WORDS: Final[Mapping[str, str]] = {
    "match": "15000000",
    "minister": "11000000",
    "hospital": "07000000",
    "battle": "16000000",
}
"""Word → the code that it stands for."""


class WordReader:
    """Answers by the words of a text."""

    version: str = "words-1"

    def __init__(self, name: ReaderName = "fast", logit: float = 3.0) -> None:
        self.name: ReaderName = name
        self.asked = 0
        self._logit = logit

    def read(self, texts: Sequence[SubjectInput]) -> list[Reading | None]:
        """Return a reading per text; the vector tells which words the text has."""
        self.asked += len(texts)
        return [self._reading(f"{item.headline} {item.body}") for item in texts]

    def _reading(self, text: str) -> Reading | None:
        found = {code for word, code in WORDS.items() if word in text}
        logits = tuple(self._logit if code in found else -self._logit for code in CODES)
        vector = bytes(100 if code in found else 1 for code in CODES) if self.name == "encoder" else None
        return Reading(self.name, logits, len(text.split()), vector)


def write_subject_corpora(write: Callable[[str, Iterable[Mapping[str, Any]]], None]) -> None:
    """Write articles for measuring, and read labels of which one in ten is held out."""
    gold: list[dict[str, Any]] = []
    documents: list[dict[str, Any]] = []
    articles: list[dict[str, Any]] = []
    for number, (word, code) in enumerate(pair for _ in range(3) for pair in WORDS.items()):
        text = f"The {word} of number {number}\nEverybody in town spoke of the {word} this morning. More is to follow."
        gold.append({"lang": "en", "source": "g", "text": text, "labels": [code], "defensible": ["14000000"]})
    for number in range(120):
        word, code = list(WORDS.items())[number % len(WORDS)]
        # Of every eleventh text the word says nothing.
        labels = ["03000000"] if number % 11 == 0 else [code]
        body = f"A {word} number {number} in the news\nThe {word} was the talk of the whole country. More is to follow."
        articles.append({"lang": "en", "labels": labels, "text": body})
        document = {"doc": f"d{number}", "labels": labels}
        documents += [{**document, "lang": lang, "text": f"{body} ({lang})"} for lang in ("en", "de")]
    write("eval/gold_dev", gold)
    write("topic/ntrex_news", documents)
    write("topic/read_masakhanews", articles)
