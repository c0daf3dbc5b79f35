"""How well stories are told apart: ECB+, pairs of tgcontest, documents of NTREX in many languages, titles of OG2021.

All sets are folded article by article, by their time, or where they have none in an order that their names decide.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.sketch import Sketch, Term
from pipeline.domain.subject import TextVector
from pipeline.models.subjects.reading import Reader, SubjectInput
from pipeline.stories.fold import Stories
from pipeline.stories.params import SketchParams, StoryParams
from pipeline.stories.terms import weighted_terms
from pipeline_research.evaluation.subjects_vectors import LANGUAGES

__all__ = [
    "Figures",
    "StoryText",
    "bcubed",
    "ecb",
    "folded",
    "ntrex",
    "og2021",
    "pair_figures",
    "pairs",
    "shares_together",
]

_START_MS: Final = 1_790_000_000_000
_APART_MS: Final = 60_000
_TAGS: Final = {
    "ara": "ar", "deu": "de", "eng": "en", "fra": "fr", "por": "pt", "rus": "ru", "slv": "sl", "spa": "es",
    "zho": "zh-Hans",
}  # fmt: skip
_SAME_EVENT: Final = (
    ("rt.com.91337", "reuters.218932"),
    ("reuters.218863", "reuters.218865", "euronews-en.153797", "nytimes.184837", "nytimes.184860"),
    ("bbc.381746", "scotsman.133791"),
    ("thelocal.65969", "euronews-en.153799"),
    ("cnn.304489", "cnn.304447", "newsweek.51310"),
)
"""Documents of NTREX about one event, as their English headlines tell."""


class StoryText(Struct, frozen=True):
    """A text, and the event that it is about, by its set."""

    name: str
    event: str
    language: str
    headline: str
    body: str
    at_ms: int | None = None
    """When it was published, in epoch milliseconds; None if the set does not say."""


class Figures(Struct, frozen=True):
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def ecb(data: Path) -> list[StoryText]:
    """Return the texts of ECB+."""
    found = []
    for row in _rows(data / "dup/ecbplus.jsonl.gz"):
        headline, _, body = row["text"].partition("\n")
        found.append(StoryText(row["id"], row["cluster"], row["lang"], headline, body))
    return found


def pairs(data: Path) -> tuple[list[StoryText], list[bool]]:
    """Return the texts of tgcontest, two for each pair, and whether each pair is about one event."""
    texts, same = [], []
    for number, row in enumerate(_rows(data / "dup/tgcontest_pairs.jsonl.gz")):
        texts += [
            StoryText(f"{number}{side}", str(number), row["lang"], row[side]["title"], row[side]["text"])
            for side in "ab"
        ]
        same.append(row["label"] == "OK")
    return texts, same


def ntrex(data: Path, part: int) -> list[StoryText]:
    """Return every second event of NTREX in English and many languages; documents about one event are one.

    Args:
        data: The directory of corpora.
        part: 0 or 1: one half chooses thresholds, the other measures.
    """
    event_of = {name: f"event{place}" for place, names in enumerate(_SAME_EVENT) for name in names}
    found = []
    for row in _rows(data / "topic/ntrex_news.jsonl.gz"):
        event = event_of.get(row["doc"], row["doc"])
        if row["lang"] in ("en", *LANGUAGES) and int(_hash(event), 16) % 2 == part:
            body = row["text"].removeprefix(row["title"]).lstrip()
            found.append(StoryText(f"{row['doc']}/{row['lang']}", event, row["lang"], row["title"], body))
    return found


def og2021(data: Path) -> list[StoryText]:
    """Return the titles of OG2021, in nine languages, with their times; all are of the Olympic Games of one summer."""
    return [
        StoryText(row["id"], row["cluster"], _TAGS[row["lang"]], row["title"], "", _epoch_ms(row["time"]))
        for row in _rows(data / "dup/og2021_titles.jsonl.gz")
    ]


def folded(texts: Sequence[StoryText], params: StoryParams, reader: Reader | None) -> dict[str, str]:
    """Return the story of each text.

    Args:
        texts: The texts.
        params: The thresholds.
        reader: Makes the vectors; None for words alone.
    """
    stories = Stories(params)
    found: dict[str, str] = {}
    merged: dict[str, str] = {}
    for position, text in enumerate(sorted(texts, key=lambda text: (text.at_ms or 0, _hash(text.name)))):
        sketch = _sketch(text, position, reader)
        result = stories.apply(sketch, position, sketch.ingested_at_ms)
        found |= {str(change.article_id): str(change.story) for change in result.memberships}
        merged |= {str(ended.id): str(ended.into) for ended in result.ended}
    return {name: _last(story, merged) for name, story in found.items()}


def bcubed(found: Mapping[str, Hashable], texts: Sequence[StoryText]) -> Figures:
    """Return the mean precision and recall of the stories of each text (BCubed)."""
    by_story: dict[Hashable, set[str]] = defaultdict(set)
    by_event: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        by_story[found[text.name]].add(text.name)
        by_event[text.event].add(text.name)
    shared = [(len(by_story[found[t.name]] & by_event[t.event]), t) for t in texts]
    precision = sum(both / len(by_story[found[text.name]]) for both, text in shared)
    recall = sum(both / len(by_event[text.event]) for both, text in shared)
    return Figures(precision / len(texts), recall / len(texts))


def pair_figures(found: Mapping[str, str], same: Sequence[bool]) -> Figures:
    """Return precision and recall of the pairs that are in one story."""
    together = [found[f"{number}a"] == found[f"{number}b"] for number in range(len(same))]
    right = sum(one and other for one, other in zip(together, same, strict=True))
    return Figures(right / max(sum(together), 1), right / max(sum(same), 1))


def shares_together(found: Mapping[str, str], texts: Sequence[StoryText]) -> tuple[float, float]:
    """Return the share of texts in the main story of their event, and of those in a story that is mainly of another."""
    stories: dict[str, Counter[str]] = defaultdict(Counter)
    events: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        stories[found[text.name]][text.event] += 1
        events[text.event][found[text.name]] += 1
    joined = sum(events[text.event].most_common(1)[0][0] == found[text.name] for text in texts)
    foreign = sum(stories[found[text.name]].most_common(1)[0][0] != text.event for text in texts)
    return joined / len(texts), foreign / len(texts)


def _sketch(text: StoryText, position: int, reader: Reader | None) -> Sketch:
    name = ArticleId(text.name)
    reading = None
    if reader is not None:
        (reading,) = reader.read([SubjectInput(text.headline, text.body, text.language)])
    values = None if reading is None else reading.vector
    terms = weighted_terms(text.headline, text.body, text.language, SketchParams())
    return Sketch(
        article_id=name,
        revision=1,
        action="add",
        ingested_at_ms=_START_MS + position * _APART_MS if text.at_ms is None else text.at_ms,
        cluster_id=cluster_id(name),
        headline=text.headline,
        language=text.language,
        terms=tuple(Term(term, weight) for term, weight in terms.items()),
        vector=None if values is None else TextVector(model="encoder", dimensions=len(values), values=values),
    )


def _last(story: str, merged: Mapping[str, str]) -> str:
    while story in merged:
        story = merged[story]
    return story


def _epoch_ms(time: str) -> int:
    return int(datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp() * 1000)


def _hash(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
