"""Measure genre, access, places and keywords against expected values, by precision and coverage."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec import Struct

from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit
from pipeline.domain.record import Record
from pipeline.stages.ingest import IngestStage
from pipeline.text.content_facts import find_content_facts

__all__ = ["FACTS", "FactScore", "FactsParams", "Miss", "measure_facts"]


class FactsParams(Struct, frozen=True, kw_only=True):
    """How answers are compared."""

    shared_part: float = 0.7
    """Words that begin alike in this part of the shorter one are forms of one word."""
    fetched_ms: int = 1_767_225_600_000
    """Time of the records, in epoch milliseconds."""


_PARAMS: Final = FactsParams()


class Miss(Struct, frozen=True, kw_only=True):
    """A sample with other answers than expected."""

    language: str
    headline: str
    wrong: tuple[str, ...]
    missing: tuple[str, ...]


class FactScore(Struct, frozen=True, kw_only=True):
    """Answers about all samples: right ones, all given, expected ones that were found, all expected."""

    fact: str
    samples: int
    languages: int
    right: int
    given: int
    found: int
    expected: int
    misses: tuple[Miss, ...]

    @property
    def precision(self) -> float:
        """The share of right answers among those given; 1 if none is given."""
        return self.right / self.given if self.given else 1.0

    @property
    def coverage(self) -> float:
        """The share of expected answers that were found; 1 if none is expected."""
        return self.found / self.expected if self.expected else 1.0


_Answer = tuple[Collection[str], Collection[str], Collection[str]]
"""What is given, what is expected, and what is right beside that."""


def measure_facts(directory: Path) -> Iterator[FactScore]:
    """Yield the score of each fact that has a file of samples in the directory, a JSON object in a line."""
    for fact, answer in FACTS.items():
        path = directory / f"{fact}.jsonl"
        if path.is_file():
            yield _score(fact, [orjson.loads(line) for line in path.read_bytes().splitlines()], answer)


def _score(fact: str, samples: list[dict[str, Any]], answer: Callable[[Mapping[str, Any]], _Answer]) -> FactScore:
    right = given = found = expected = 0
    misses = []
    same = _is_form if fact == "keywords" else str.__eq__
    for sample in samples:
        got, wanted, also = answer(sample)
        wrong = tuple(sorted(item for item in got if not any(same(item, other) for other in (*wanted, *also))))
        missing = tuple(sorted(item for item in wanted if not any(same(item, other) for other in got)))
        given, right = given + len(got), right + len(got) - len(wrong)
        expected, found = expected + len(wanted), found + len(wanted) - len(missing)
        if wrong or missing:
            headline = sample.get("headline") or sample.get("record", {}).get("title") or ""
            misses.append(Miss(language=sample["language"], headline=headline, wrong=wrong, missing=missing))
    return FactScore(
        fact=fact,
        samples=len(samples),
        languages=len({sample["language"] for sample in samples}),
        right=right,
        given=given,
        found=found,
        expected=expected,
        misses=tuple(misses),
    )


def _article(sample: Mapping[str, Any]) -> Article | None:
    value = {"url": "https://gazette.example/news/a-story", **sample["record"]}
    (outcome,) = IngestStage().process([Record("samples", 0, 0, _PARAMS.fetched_ms, None, orjson.dumps(value))])
    return outcome.value if isinstance(outcome, Emit) else None


def _genre(sample: Mapping[str, Any]) -> _Answer:
    article = _article(sample)
    genre = article.genre if article is not None else None
    return [genre.name] if genre is not None else [], [sample["genre"]] if sample["genre"] else [], ()


def _access(sample: Mapping[str, Any]) -> _Answer:
    article = _article(sample)
    access = article.access if article is not None else None
    return [access] if access is not None else [], [sample["access"]] if sample["access"] else [], ()


def _places(sample: Mapping[str, Any]) -> _Answer:
    facts = find_content_facts(
        headline=sample["headline"], subheadline=None, body=sample["body"], language=sample["language"]
    )
    given = [place.country if place.kind == "country" else f"{place.country}:{place.name}" for place in facts.places]
    return given, sample["places"], ()


def _keywords(sample: Mapping[str, Any]) -> _Answer:
    facts = find_content_facts(
        headline=sample["headline"], subheadline=None, body=sample["body"], language=sample["language"]
    )
    return facts.keywords, sample["keywords"], sample["also"]


def _is_form(one: str, other: str) -> bool:
    one, other = one.lower(), other.lower()
    shared = max(2, int(_PARAMS.shared_part * min(len(one), len(other))))
    return one[:shared] == other[:shared]


FACTS: Final[dict[str, Callable[[Mapping[str, Any]], _Answer]]] = {
    "genres": _genre,
    "access": _access,
    "places": _places,
    "keywords": _keywords,
}
"""What gives the answers about a sample of each file."""
