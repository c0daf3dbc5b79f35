"""Measure the CPU time per article of places and keywords, and of genre and access, without the rest of the stages.

    python -m benchmarks.facts [--input PATH] [--articles 2048] [--words 700]

The input is made as by `benchmarks.stages`: the samples in their languages, extended to about the given length. Times
are CPU time, the best of five rounds; the tables of all languages are read before.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.stages import SAMPLES, make_records
from pipeline.assembly import build_stages
from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit
from pipeline.text.access import find_access
from pipeline.text.content_facts import find_content_facts
from pipeline.text.facts.words import words_of
from pipeline.text.genres import GenreInput, find_genre
from pipeline.text.keywords import find_keywords, keywords_input
from pipeline.text.places.finding import PlacesInput, find_places
from pipeline.text.places.params import PLACE_PARAMS

ROUNDS = 5


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="CPU time per article of typed facts.")
    parser.add_argument("--input", type=Path, default=SAMPLES)
    parser.add_argument("--articles", type=int, default=2048)
    parser.add_argument("--words", type=int, default=700)
    options = parser.parse_args()
    articles = _articles(options.input, options.articles, options.words)
    inputs = [_places_input(article) for article in articles]
    print(f"{len(articles)} articles of about {options.words} words")
    for name, function, items in (
        ("words", lambda item: Counter(words_of(item.text)), inputs),
        ("places, without words", find_places, inputs),
        ("places, with words", lambda item: find_places(_with_words(item)), inputs),
        ("places and keywords", _content_facts, articles),
        ("keywords, without words", _keywords, inputs),
        ("genre and access", _stated, articles),
    ):
        micros = min(_micros(function, items) for _ in range(ROUNDS))
        print(f"  {name:<26}{micros:>8.1f} µs   {1_000_000 / micros:>9,.0f} articles per CPU-second")


def _articles(path: Path, count: int, words: int) -> list[Article]:
    stages: list[Any] = build_stages(("ingest", "detect-language"))
    batch: list[Any] = make_records(path, count, words)
    for stage in stages:
        batch = [outcome.value for outcome in stage.process(batch) if isinstance(outcome, Emit)]
    return batch


def _places_input(article: Article) -> PlacesInput:
    text = f"{article.headline}\n\n{article.body[: PLACE_PARAMS.max_body_chars]}"
    language = article.language.tag if article.language is not None else "und"
    end = len(article.headline)
    return PlacesInput(
        text=text, headline_end=end, body_start=end + 2, words=Counter(words_of(text)), language=language
    )


def _with_words(given: PlacesInput) -> PlacesInput:
    return PlacesInput(
        text=given.text,
        headline_end=given.headline_end,
        body_start=given.body_start,
        words=frozenset(words_of(given.text)),
        language=given.language,
    )


def _content_facts(article: Article) -> object:
    language = article.language.tag if article.language is not None else None
    return find_content_facts(headline=article.headline, subheadline=None, body=article.body, language=language)


def _keywords(given: PlacesInput) -> object:
    counts = given.words if isinstance(given.words, Counter) else Counter(given.words)
    return find_keywords(keywords_input(given.text, given.headline_end, given.language, counts))


def _stated(article: Article) -> object:
    find_access(article.quality.flags, headline=article.headline, section=article.section)
    labels = (article.section,) if article.section else ()
    return find_genre(GenreInput(labels=labels, url=article.url, headline=article.headline, text=article.body))


def _micros(function: Callable[[Any], object], items: Iterable[Any]) -> float:
    began = time.process_time()
    count = 0
    for item in items:
        function(item)
        count += 1
    return (time.process_time() - began) * 1_000_000 / count


if __name__ == "__main__":
    main()
