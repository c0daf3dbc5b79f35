"""Sketches that are written by hand, and a log of them."""

import numpy as np
import pytest

from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.sketch import Sketch, Term
from pipeline.domain.subject import TextVector
from pipeline.stories.fold import Folded, Stories
from pipeline.stories.params import SketchParams, StoryParams
from pipeline.stories.terms import weighted_terms
from pipeline.stories.view import describe

START = 1_780_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

QUAKE = "Earthquake of magnitude 7.1 hits Valdoria, dozens missing in Port Merane"
QUAKE_TOO = "Valdoria earthquake: rescuers search Port Merane for dozens missing after magnitude 7.1 shock"
CUP = "Norbury Rovers beat Eastcliff 3-1 to win the Harbour Cup for the fifth time"
SMALL = StoryParams(frequency_bits=12, posting_bits=10, vector_bits=8)


def meaning(seed: int, noise: int = 0) -> bytes:
    """Return a vector of 32 dimensions; equal seeds with other noise are alike."""
    values = np.random.default_rng(seed).normal(size=32) * 40 + 30
    values += np.random.default_rng(1000 + noise).normal(size=32) * (6 if noise else 0)
    return np.clip(np.rint(values), -127, 127).astype(np.int8).tobytes()


def sketch(article: str, text: str, *, at: int = START, revision: int = 1, **more: object) -> Sketch:
    """Return the sketch of an article whose text is its headline."""
    values = more.pop("vector", None)
    vector = TextVector(model="m", dimensions=32, values=values) if isinstance(values, bytes) else None
    language = str(more.pop("language", "en"))
    of = more.pop("of", article)
    terms = weighted_terms(text, "", language, SketchParams())
    return Sketch(
        article_id=ArticleId(article),
        revision=revision,
        action="add" if revision == 1 else "replace",
        ingested_at_ms=at,
        cluster_id=cluster_id(ArticleId(str(of))),
        headline=text,
        publisher=str(more.pop("publisher", f"{article}.example")),
        country="GB",
        language=language,
        subjects=("medtop:03000000",),
        terms=tuple(Term(term, weight) for term, weight in terms.items()),
        vector=vector,
    )


def withdrawal(article: str, *, at: int = START, revision: int = 2) -> Sketch:
    """Return the sketch of a withdrawal."""
    name = ArticleId(article)
    return Sketch(article_id=name, revision=revision, action="delete", ingested_at_ms=at, cluster_id=cluster_id(name))


class Log:
    """A log of sketches and the stories folded from it."""

    def __init__(self, params: StoryParams = SMALL) -> None:
        self.stories = Stories(params)
        self.records: list[Sketch] = []
        self.last: Folded | None = None

    def append(self, record: Sketch) -> str | None:
        """Fold a record; return the story of its article."""
        self.last = self.stories.apply(record, len(self.records), record.ingested_at_ms)
        self.records.append(record)
        return self.last.memberships[0].story if self.last.memberships else None

    def story_of(self, article: str) -> object:
        """Describe the story of an article."""
        number = self.stories.table.number_of(ArticleId(article))
        assert number is not None
        return describe(self.stories, int(self.stories.table.rows.column("story", number)))


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()
