"""Measure what floods cost the deduplication fold: the time per article at the end of a flood beside its beginning.

    python -m benchmarks.floods --articles 50000 --output benchmarks/results/floods.json

A flood is what one careless or hostile source can send: texts that share bands of the sketch without being copies,
versions of one article, exact copies of one text, one notice under many headlines, retractions. Afterwards ordinary
articles are folded, to see what a flood costs others. Times are CPU time on one core; only ratios mean something.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from msgspec.structs import replace

from benchmarks.fold import Feed
from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS, FoldParams
from pipeline.domain.ids import ArticleId
from pipeline.domain.signature import Signature

__all__ = ["FLOODS", "measure"]

_STEP_MS: Final = 100  # ten articles a second, so that all are within the windows
_BATCH: Final = 500  # signatures folded together, as many as a worker fetches at once
_OTHERS: Final = 5_000  # ordinary articles after a flood
_VALUES: Final = 128  # values of a sketch
_SHARED: Final = 40  # of them, in common: whole bands agree, and the similarity is below that of related articles

Change = Callable[[Signature, int, Signature], Signature]
"""Makes the next signature of a flood from a fresh one, its number, and the first one of the flood."""


def _sharing_bands(fresh: Signature, number: int, first: Signature) -> Signature:
    sketch = np.frombuffer(fresh.sketch, "<u2").copy()
    start = number % 4 * (_VALUES // 4)
    sketch[start : start + _VALUES // 8] = np.frombuffer(first.sketch, "<u2")[start : start + _VALUES // 8]
    return replace(fresh, sketch=sketch.tobytes())


def _related(fresh: Signature, _number: int, first: Signature) -> Signature:
    sketch = np.frombuffer(fresh.sketch, "<u2").copy()
    sketch[:_SHARED] = np.frombuffer(first.sketch, "<u2")[:_SHARED]
    return replace(fresh, sketch=sketch.tobytes(), source=first.source)


def _template(fresh: Signature, _number: int, first: Signature) -> Signature:
    sketch = np.frombuffer(first.sketch, "<u2").copy()
    sketch[:_SHARED] = np.frombuffer(fresh.sketch, "<u2")[:_SHARED]
    return replace(fresh, sketch=sketch.tobytes(), source=first.source)


def _version(fresh: Signature, _number: int, first: Signature) -> Signature:
    return replace(fresh, article_id=first.article_id, source=first.source)


def _repeat(fresh: Signature, _number: int, first: Signature) -> Signature:
    return replace(first, origin=fresh.origin, ingested_at_ms=fresh.ingested_at_ms, observed_at_ms=fresh.observed_at_ms)


def _exact_copy(fresh: Signature, _number: int, first: Signature) -> Signature:
    return replace(fresh, text_hash=first.text_hash, sketch=first.sketch, facts=first.facts)


def _notice(fresh: Signature, _number: int, first: Signature) -> Signature:
    return replace(fresh, text_hash=first.text_hash, sketch=first.sketch, source=first.source)


def _copy_and_retraction(fresh: Signature, number: int, first: Signature) -> Signature:
    copy = _exact_copy(fresh, number, first)
    named = replace(copy, article_id=ArticleId(blake2b(str(number // 2).encode(), digest_size=16).hexdigest()))
    return replace(named, action="retract", text_hash=b"", sketch=b"", facts=b"") if number % 2 else named


FLOODS: Final[dict[str, Change]] = {
    "ordinary articles, for comparison": lambda fresh, _number, _first: fresh,
    "texts that share a band": _sharing_bands,
    "related texts": _related,
    "one template": _template,
    "versions of one article": _version,
    "repeats of one version": _repeat,
    "exact copies of one text": _exact_copy,
    "one notice under many headlines": _notice,
    "copies that are retracted": _copy_and_retraction,
}
"""The floods, by the name in docs/performance.md."""


def _fold(fold: Fold, signatures: Sequence[Signature]) -> float:
    """Fold signatures in batches, as a worker does; return the CPU seconds for each."""
    begin = time.process_time()
    for start, end in pairwise([*range(0, len(signatures), _BATCH), len(signatures)]):
        for _ in fold.apply_all([(one, one.ingested_at_ms) for one in signatures[start:end]]):
            pass
    return (time.process_time() - begin) / len(signatures)


def measure(change: Change, articles: int, params: FoldParams) -> dict[str, float]:
    """Send a flood to a fold that has ordinary articles, then more of these.

    Returns:
        CPU time in microseconds per article: of ordinary articles `before`, of the `first` and the `last` tenth of the
        flood, and of ordinary articles `after` it.
    """
    feed, fold = Feed(1, unique=True, step_ms=_STEP_MS), Fold(params)
    before = _fold(fold, feed.block(_OTHERS))
    first, *fresh = feed.block(articles)
    flood = [first, *(change(one, number, first) for number, one in enumerate(fresh, 1))]
    tenth = articles // 10
    times = [_fold(fold, flood[start : start + tenth]) for start in range(0, 10 * tenth, tenth)]
    after = _fold(fold, feed.block(_OTHERS))
    figures = {"before": before, "first": times[0], "last": times[-1], "after": after}
    return {name: round(1e6 * secs, 1) for name, secs in figures.items()}


def main() -> None:
    """Print a JSON line for each flood; write them all to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=50_000, help="of each flood")
    parser.add_argument("--version", type=int, default=max(FOLD_VERSIONS), help="version of the fold")
    parser.add_argument("--output", type=Path, help="file for all figures, JSON")
    options = parser.parse_args()
    figures = []
    for name, change in FLOODS.items():
        measured = {"flood": name, **measure(change, options.articles, FOLD_VERSIONS[options.version])}
        print(json.dumps(measured), flush=True)
        figures.append(measured)
    if options.output is not None:
        options.output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
