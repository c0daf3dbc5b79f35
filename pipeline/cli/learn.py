"""`news-pipeline learn`: data files for `ingest`, made of articles."""

from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.cli.arguments import UsageError, undash
from pipeline.cli.progress import show_progress
from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.offline.output import OutputFiles
from pipeline.settings import load_settings
from pipeline.sources.files import find_files, read_files
from pipeline.text.drafting import article_lines
from pipeline.text.learned_boilerplate import (
    FORMAT,
    BoilerplateFile,
    BoilerplateLearner,
    LearnedBoilerplate,
    LearnParams,
)
from pipeline.text.params import IngestParams
from pipeline.text.urls import registrable_domain
from pipeline.wire.raw import decode_raw

__all__ = ["app"]

app = App(name="learn", help="Learn data files from articles, offline.", result_action="return_value")

_DEFAULTS = LearnParams()
_PROGRESS_RECORDS = 100  # between two updates of the progress line


@app.command
def boilerplate(
    *,
    input: Annotated[tuple[str, ...], Parameter(name="--input", consume_multiple=True, negative="")],  # noqa: A002
    output: str,
    min_articles: int = _DEFAULTS.min_articles,
    min_share: float = _DEFAULTS.min_share,
) -> int:
    """Find the lines that a source repeats over many of its articles, and write them as a data file.

    With `NEWS_BOILERPLATE_FILE` set to that file, `ingest` removes these lines; short ones only near the beginning or
    the end of a text. Look through the file before you use it. If you delete lines, the next start fails and its error
    message contains the version to write into the file. Articles are read as `ingest` reads them, with
    `NEWS_EXTRACTION`; an article's source is the record's `source`, or else the registrable domain of its URL.

    Parameters
    ----------
    input:
        Raw articles: files (.jsonl, .jsonl.gz, .jsonl.zst, .json, .txt, .html), directories, or `-`.
    output:
        The data file, JSON; `-` for standard output.
    min_articles:
        Different articles of a source that must have a line; 2 or more.
    min_share:
        Share of a source's articles that must have it, from 0 to 1.
    """
    if min_articles < 2 or not 0 <= min_share <= 1:
        raise UsageError(
            f"--min-articles must be 2 or more, --min-share from 0 to 1; they are {min_articles} and {min_share}"
        )
    params = IngestParams(extraction=load_settings().extraction)
    learner = BoilerplateLearner(LearnParams(min_articles=min_articles, min_share=min_share))
    with OutputFiles(boilerplate=undash(output)) as files:
        skipped = _learn(learner, [undash(name) for name in input], params)
        sources = learner.learned()
        version = LearnedBoilerplate.from_sources(sources).version
        data = msgspec.json.encode(BoilerplateFile(format=FORMAT, version=version, sources=sources))
        files.write("boilerplate", msgspec.json.format(data, indent=1))
    _report(learner, version, skipped)
    return 0


def _learn(learner: BoilerplateLearner, names: list[str], params: IngestParams) -> int:
    """Add every article of the files to the learner; return how many records have no article or no source."""
    skipped = 0
    with show_progress("read") as show:
        for number, record in enumerate(read_files(find_files(names), now_ms=0), 1):
            skipped += not _learn_one(learner, record, params)
            if number % _PROGRESS_RECORDS == 0:
                show(number)
    return skipped


def _learn_one(learner: BoilerplateLearner, record: Record, params: IngestParams) -> bool:
    raw = decode_raw(record.value, record.headers, params)
    if isinstance(raw, Reject):
        return False
    source = raw.source or (registrable_domain(raw.canonical) if raw.canonical is not None else None)
    lines = article_lines(raw, params)
    if source is None or isinstance(lines, Reject) or not lines:
        return False
    learner.add(source, lines)
    return True


def _report(learner: BoilerplateLearner, version: str, skipped: int) -> None:
    """Print on standard error how much was learned; the lines themselves are in the file only."""
    console = Console(stderr=True)
    table = Table("source", "articles", "lines", box=None)
    learned = learner.learned()
    for source, articles in learner.counts().items():
        table.add_row(escape(source), str(articles), str(len(learned.get(source, ()))))
    console.print(table)
    console.print(f"version {version}; {skipped} records skipped: no article, or no source")
