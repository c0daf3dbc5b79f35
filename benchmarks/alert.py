"""Measure the matching of saved queries: articles per CPU-second on one core, with 1,000 queries.

    python -m benchmarks.alert [--queries 1000] [--articles 2000] [--words 700] [--rounds 3]

Articles have words with the frequencies of a language (Zipf's law) over a vocabulary of 50,000, and queries ask for
words of all frequencies, phrases, alternatives, exclusions and filters. Each article is decoded, cut into words and
matched from the bytes of its event. `every query` compares each article with each query, for comparison; `with state`
also decides about notifications and stores all of it, with the article for the preview, on disk.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from pipeline.alert.article_keys import article_keys
from pipeline.alert.compiled import CompiledQuery, compiled
from pipeline.alert.matcher import Matcher
from pipeline.alert.saved_query import SavedQuery
from pipeline.alert.state import AlertState
from pipeline.domain.record import Record
from pipeline.observability.downstream_metrics import DownstreamMetrics

VOCABULARY = 50_000
PUBLISHERS = 300
SUBJECTS = 17
TOPIC = "news.articles.enriched.v1"
STORED = 1000  # articles of one second, at the speed that is wanted
LETTERS = "etaoinshrdlucmfwyp"


def words(rng: random.Random) -> list[str]:
    """Return a vocabulary, the frequent words first."""
    return ["".join(rng.choices(LETTERS, k=rng.randint(3, 10))) for _ in range(VOCABULARY)]


def queries(rng: random.Random, vocabulary: Sequence[str], count: int) -> list[CompiledQuery]:
    """Return queries for words of all frequencies but the hundred most frequent."""
    made = []
    for number in range(count):
        chosen = [vocabulary[int(100 * (VOCABULARY / 100) ** rng.random())] for _ in range(4)]
        text = (
            f"{chosen[0]} {chosen[1]}",
            f'"{chosen[0]} {chosen[1]}"',
            f"{chosen[0]} OR {chosen[1]} {chosen[2]} -{chosen[3]}",
            chosen[0],
        )[number % 4]
        subject = (f"medtop:{rng.randrange(1, SUBJECTS + 1):02}000000",) if number % 5 == 0 else ()
        publisher = (f"publisher-{rng.randrange(PUBLISHERS)}.example",) if number % 10 == 0 else ()
        language = ("en",) if number % 3 == 0 else ()
        made.append(
            compiled(SavedQuery(id=f"q{number}", words=text, subject=subject, publisher=publisher, language=language))
        )
    return made


def events(rng: random.Random, vocabulary: Sequence[str], count: int, length: int) -> list[bytes]:
    """Return the values of events."""
    weights = [1 / (place + 10) for place in range(VOCABULARY)]
    return [
        orjson.dumps(
            {
                "id": f"article-{number}",
                "url": f"https://gazette.example/{number}",
                "headline": " ".join(rng.choices(vocabulary, weights, k=10)).capitalize(),
                "body": ". ".join(" ".join(rng.choices(vocabulary, weights, k=20)) for _ in range(length // 20)),
                "publisher": {"id": f"publisher-{rng.randrange(PUBLISHERS)}.example", "name": "The Gazette"},
                "ingested_at": "2026-11-29T12:00:00.000Z",
                "revision": 1,
                "action": "add",
                "language": {"tag": "en", "confidence": 0.99, "reliable": True, "method": "cld2"},
                "subjects": [
                    {
                        "code": f"medtop:{rng.randrange(1, SUBJECTS + 1):02}000000",
                        "name": "a subject",
                        "confidence": 0.9,
                        "reliable": True,
                    }
                ],
                "dedup": {"kind": "unique", "cluster_id": f"c-{number}", "canonical_id": f"article-{number}"},
                "quality": {"score": 0.9},
            }
        )
        for number in range(count)
    ]


def best(work: Callable[[], Any], rounds: int) -> float:
    """Return the least CPU time of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def with_state(wanted: Sequence[CompiledQuery], values: Sequence[bytes]) -> None:
    """Match events, decide about notifications, and store both."""
    with tempfile.TemporaryDirectory() as directory:
        state = AlertState(
            Path(directory), Matcher(wanted), DownstreamMetrics(), remember_days=30, max_documents=100_000
        )
        state.restore({})
        for start in range(0, len(values), STORED):
            part = values[start : start + STORED]
            now_ms = int(time.time() * 1000)
            state.apply(
                [Record("news.articles.enriched.v1", 0, n, now_ms, None, value) for n, value in enumerate(part)]
            )
            state.store({("news.articles.enriched.v1", 0): start}, caught_up=True)
        state.close()


def main() -> None:
    """Print one JSON line for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--words", type=int, default=700)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rng = random.Random(20)
    vocabulary = words(rng)
    wanted = queries(rng, vocabulary, options.queries)
    values = events(rng, vocabulary, options.articles, options.words)
    matcher = Matcher(wanted)
    for value in values:  # counts keys, and fills the caches of forms
        matcher.matching(article_keys(orjson.loads(value)))
    found = sum(len(matcher.matching(article_keys(orjson.loads(value)))) for value in values)
    few = values[:200]
    cut = [article_keys(orjson.loads(value)) for value in values]
    ways: dict[str, tuple[Callable[[], Any], int]] = {
        "from bytes": (lambda: [matcher.matching(article_keys(orjson.loads(value))) for value in values], len(values)),
        "matching alone": (lambda: [matcher.matching(keys) for keys in cut], len(values)),
        "with state": (lambda: with_state(wanted, values), len(values)),
        "every query": (lambda: [[one for one in wanted if one.matches(keys)] for keys in cut[: len(few)]], len(few)),
    }
    for name, (work, count) in ways.items():
        secs = best(work, options.rounds)
        print(
            json.dumps(
                {
                    "way": name,
                    "queries": options.queries,
                    "articles_per_cpu_sec": round(count / secs),
                    "matches_per_article": round(found / len(values), 2),
                }
            )
        )


if __name__ == "__main__":
    main()
