"""Measure the fold of sketches into stories as its window fills: articles per CPU-second, memory, and what is found.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.stories [ARTICLES]

Half of the articles report events of the last hours, the others are alone. Words are drawn from a vocabulary in which a
few are frequent, vectors around one for each event. What makes the articles is not timed.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.sketch import Sketch, Term
from pipeline.domain.subject import TextVector
from pipeline.stories.fold import Stories
from pipeline.stories.params import StoryParams
from pipeline.stories.preparing import prepare

START_MS = 1_790_000_000_000
DIMENSIONS = 384
VOCABULARY = 2_000_000
TERMS = 56
OWN_TERMS = 8
RECENT = 4000
STATM = Path("/proc/self/statm")
PAGE_BYTES = 4096
BATCH = 200
"""Records of a unit of work."""


def main(articles: int = 1_000_000) -> None:
    """Print one line for every tenth of the articles."""
    stories = Stories(StoryParams())
    before = _resident_bytes()
    spent, since, total = 0.0, 0.0, 0
    together = Counter[bool]()
    events: dict[int, str] = {}
    position = -1
    sketches = _sketches(articles)
    while batch := list(islice(sketches, BATCH)):
        began = time.process_time()
        prepared = prepare([sketch for _, sketch in batch])
        folded = [stories.apply(one, position + 1 + at, one.sketch.ingested_at_ms) for at, one in enumerate(prepared)]
        spent += time.process_time() - began
        for (event, _), one in zip(batch, folded, strict=True):
            name = str(one.memberships[0].story)
            if event in events:
                together[events[event] == name] += 1
            events[event] = name
        position += len(batch)
        if position + 1 - total >= articles // 10:
            rate = (position + 1 - total) / (spent - since)
            size = (_resident_bytes() - before) / (position + 1)
            found = together[True] / max(together.total(), 1)
            print(
                f"{position + 1:>9,} {rate:,.0f} per CPU-second, {size:.0f} bytes each, {found:.3f} found", flush=True
            )
            since, total = spent, position + 1


def _sketches(articles: int) -> Iterator[tuple[int, Sketch]]:
    """Yield the number of the event and the sketch of articles."""
    chance = np.random.default_rng(1)
    base = chance.normal(size=DIMENSIONS) * 12
    shapes: dict[int, np.ndarray] = {}
    newest = 0
    for number in range(articles):
        if number < RECENT or chance.random() < 0.5:
            newest += 1
            event = newest
            shapes[event] = base + chance.normal(size=DIMENSIONS) * 25
            shapes.pop(event - RECENT, None)
        else:
            event = newest - int(chance.integers(0, RECENT - 1))
        common = np.unique((VOCABULARY * chance.random(TERMS) ** 6).astype(np.int64))
        own = (f"e{event}x{place}" for place in chance.permutation(2 * OWN_TERMS)[:OWN_TERMS].tolist())
        terms = (*(Term(word, 6) for word in own), *(Term(f"w{word}", 2) for word in common.tolist()))
        values = np.clip(np.rint(shapes[event] + chance.normal(size=DIMENSIONS) * 16), -127, 127).astype(np.int8)
        article = ArticleId(f"{number:032x}")
        yield (
            event,
            Sketch(
                article_id=article,
                revision=1,
                action="add",
                ingested_at_ms=START_MS + number * 200,
                cluster_id=cluster_id(article),
                headline=f"A headline of some length about event {event}, article {number}, as they are",
                publisher=f"site{number % 3000}.example",
                country="GB",
                language=("en", "de", "ar", "zh")[number % 4],
                subjects=("medtop:04000000",),
                terms=terms,
                vector=TextVector(model="m", dimensions=DIMENSIONS, values=values.tobytes()),
            ),
        )


def _resident_bytes() -> int:
    return int(STATM.read_text().split()[1]) * PAGE_BYTES


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
