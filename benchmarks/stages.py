"""Measure the CPU time per article of every stage, in one process, without a broker.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.stages [--input PATH] [--articles 2048] [--words 700] [--reader fast]

The input is the samples, or any file that `news-pipeline run` reads. Texts are extended to about the given length by
sentences of their own words in another order, which keeps the language and makes every text different. Markup is
measured by `news-pipeline eval extract`. Batches have 256 articles. Times are CPU time, the best of three rounds.
OpenBLAS has to run in one thread, as in workers: its idle threads spin, which counts as CPU time.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import orjson
from msgspec.structs import replace

from pipeline.assembly import build_fold, build_stages
from pipeline.domain.outcome import Drop, Emit
from pipeline.domain.raw import RawArticle
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES
from pipeline.domain.subject import ReaderChoice
from pipeline.settings import DedupSettings, SubjectSettings
from pipeline.sources.files import find_files, read_files
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.lines import join_paragraphs
from pipeline.text.params import IngestParams
from pipeline.text.summary import summarise, word_count
from pipeline.wire.codec import decode_article, encode
from pipeline.wire.raw import decode_raw

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "articles" / "1-originals.jsonl"
BATCH = 256
ROUNDS = 3
CHARS_PER_WORD = 6  # including the space; also used for scripts without spaces

# Aims, in microseconds per article of 700 words on one core.
CLEANING_AIM = 120
AIMS = {"detect-language": 100, "classify": 200, "fold": 100}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="CPU time per article of every stage.")
    parser.add_argument("--input", type=Path, default=SAMPLES)
    parser.add_argument("--articles", type=int, default=2048)
    parser.add_argument("--words", type=int, default=700)
    parser.add_argument("--reader", choices=get_args(ReaderChoice), default="fast", help="of subjects")
    options = parser.parse_args()
    records = make_records(options.input, options.articles, options.words)
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, micros in measure(records, options.reader).items():
            best[name] = min(micros, best.get(name, micros))
    cleaning = min(clean(records) for _ in range(ROUNDS))
    total = sum(best.values())
    print(f"{len(records)} articles of about {options.words} words")
    for name, micros in best.items():
        aim = f"   aim {AIMS[name]}" if name in AIMS else ""
        print(f"  {name:<18}{micros:>8.0f} µs{aim}")
    print(f"  {'of ingest: text':<18}{cleaning:>8.0f} µs   aim {CLEANING_AIM}")
    print(f"  {'all':<18}{total:>8.0f} µs   {1_000_000 / total:.0f} articles per CPU-second")


def make_records(path: Path, count: int, words: int, start: int = 0) -> list[Record]:
    """Return raw JSON records with distinct URLs, numbered from `start`, and texts of about `words` words."""
    sources = [found for found in map(_parsed, read_files(find_files([path]), now_ms=0)) if found]
    chance = random.Random(7 + start)
    records = []
    for number in range(start, start + count):
        source = sources[number % len(sources)]
        parts = [source["text"]]
        own = source["text"].split()
        length = len(source["text"])
        while length < words * CHARS_PER_WORD:
            parts.append(" ".join(chance.sample(own, min(40, len(own)))) + ".")
            length += len(parts[-1])
        value = {**source, "url": f"https://www.example.com/{number}", "text": "\n\n".join(parts)}
        records.append(Record("bench", 0, number, 1_700_000_000_000 + number, None, orjson.dumps(value)))
    return records


def measure(records: Sequence[Record], reader: ReaderChoice = "fast") -> dict[str, float]:
    """Return microseconds of CPU per article for each part of the chain."""
    ingest: Any
    dedupe: Any
    ingest, dedupe, *rest = build_stages(STAGES, subjects=SubjectSettings(reader=reader))
    windows = DedupSettings()
    fold = build_fold(near_window_secs=windows.near_window_secs, exact_window_secs=windows.exact_window_secs)
    clock = Stopwatch(len(records))
    later: list[Any] = list(rest)  # `dedupe` is the only stage without `process`
    for start in range(0, len(records), BATCH):
        batch: Any = list(records[start : start + BATCH])
        articles = _emitted(clock.take("ingest", ingest.process, batch))
        signatures = clock.take("sign", dedupe.sign, articles)
        verdicts = clock.take(
            "fold", lambda items: list(fold.apply_all([(item, item.ingested_at_ms) for item in items])), signatures
        )
        passing = [replace(verdict, kind="unique") for verdict in verdicts]  # later stages see every article
        batch = _emitted(clock.take("judge", partial(dedupe.judge, verdicts=passing), articles))
        for stage in later:
            batch = _emitted(clock.take(stage.name, stage.process, batch))
        hop = clock.take("codec of a hop", lambda items: [decode_article(encode(item)) for item in items], articles)
        if len(hop) != len(batch):
            raise RuntimeError("a stage returned another number of articles than it got")
        clock.take("codec of events", lambda items: [encode(event.value) for event in items], batch)
    return clock.micros()


def clean(records: Sequence[Record]) -> float:
    """Return microseconds of CPU per article for cleaning its text, without decoding and signature."""
    params = IngestParams()
    raws = [decode_raw(record.value, record.headers, params) for record in records]
    began = time.process_time()
    for raw in raws:
        draft = draft_article(raw, "example.com", 0, params) if isinstance(raw, RawArticle) else None
        if not isinstance(draft, ArticleDraft):
            raise RuntimeError("an article of the input does not pass `ingest`")  # noqa: TRY004  about the input, not a type
        summarise(draft.paragraphs, params.summary_chars)
        word_count(join_paragraphs(draft.paragraphs), len(draft.paragraphs))
    return (time.process_time() - began) / len(records) * 1_000_000


class Stopwatch:
    """Adds up CPU time by name."""

    def __init__(self, articles: int) -> None:
        self._articles = articles
        self._secs: dict[str, float] = {}

    def take(self, name: str, work: Callable[[Any], Any], batch: Any) -> Any:
        """Call `work` with a batch, add its CPU time to that of `name`, and return its result."""
        began = time.process_time()
        result = work(batch)
        self._secs[name] = self._secs.get(name, 0.0) + time.process_time() - began
        return result

    def micros(self) -> dict[str, float]:
        """Return microseconds per article by name."""
        return {name: secs / self._articles * 1_000_000 for name, secs in self._secs.items()}


def _emitted(outcomes: Sequence[Any]) -> list[Any]:
    lost = [outcome for outcome in outcomes if not isinstance(outcome, Emit | Drop)]
    if lost:
        raise RuntimeError(f"a stage rejects an article of the input: {lost[0]}")
    return [outcome.value for outcome in outcomes if isinstance(outcome, Emit)]


def _parsed(record: Record) -> dict[str, Any] | None:
    value = orjson.loads(record.value or b"null")
    return value if isinstance(value, dict) and isinstance(value.get("text"), str) else None


if __name__ == "__main__":
    main()
