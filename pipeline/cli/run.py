"""`news-pipeline run`."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import orjson
from cyclopts import Parameter

from pipeline.assembly import build_chain, build_fold, newest_version
from pipeline.cli.arguments import read_time, undash
from pipeline.cli.progress import show_progress
from pipeline.cli.signals import sigterm_unwinds
from pipeline.clusters.params import ClusterParams
from pipeline.domain.stage import STAGES
from pipeline.domain.times import from_epoch_ms
from pipeline.offline.clusters import ClusterLines
from pipeline.offline.engine import Engine
from pipeline.offline.funnel import Funnel
from pipeline.offline.output import STDOUT, OutputError, OutputFiles
from pipeline.offline.stories import StoryLines
from pipeline.runtime.contained_drafting import ContainedDrafting
from pipeline.settings import load_settings
from pipeline.sources.boilerplate import load_boilerplate
from pipeline.sources.files import STDIN, find_files, read_files
from pipeline.stories.params import StoryParams

__all__ = ["LANE", "run"]

LANE = "run"
"""The lane of articles that are processed without a broker: their events must not have the ids of live events."""


def run(
    *,
    input: Annotated[tuple[str, ...], Parameter(name="--input", consume_multiple=True, negative="")],  # noqa: A002
    output: str,
    duplicates: str | None = None,
    clusters: str | None = None,
    stories: str | None = None,
    dead_letters: str | None = None,
    now: str | None = None,
) -> int:
    """Process files with all stages, without a broker.

    The order of the input decides which of several copies is the canonical article. The time of an article is its
    `fetched_at`; without one, `--now`, or else the modification time of its file. At the end the funnel is printed on
    standard error as JSON: raw = enriched + revised + retracted + duplicates + dead letters. Outputs appear when all
    records are processed, or not at all. Of the settings, only the windows of deduplication and stories,
    `NEWS_EXTRACTION`, `NEWS_BOILERPLATE_FILE` and `NEWS_SUBJECTS__*` apply.

    Parameters
    ----------
    input:
        Files (.jsonl, .jsonl.gz, .jsonl.zst, .json, .txt, .html), directories, or `-` for JSON lines on standard input.
    output:
        File for the enriched, revised and retracted articles, one JSON value per line; `-` for standard output. Names
        that end in `.gz` or `.zst` are compressed.
    duplicates:
        File for the articles that deduplication holds back, with their verdicts.
    clusters:
        File for the changes of clusters, in order; the last line of a cluster is its latest state.
    stories:
        File for the story of every article that is not withdrawn, one `article_id` and `story_id` per line.
    dead_letters:
        File for records that cannot be processed, with reasons and original bytes.
    now:
        Time of articles without `fetched_at`, such as 2026-11-23T12:00:00Z.
    """
    settings = load_settings()
    paths = find_files([undash(name) for name in input])
    now_ms = _fixed_time(now, paths)
    named = {"output": output, "duplicates": duplicates, "clusters": clusters, "stories": stories}
    named["dead_letters"] = dead_letters
    outputs = {key: undash(name) for key, name in named.items() if name is not None}
    _check_apart(paths, outputs.values())
    dedup = settings.dedup
    boilerplate = load_boilerplate(settings.boilerplate_file)
    contained = ContainedDrafting()
    chain = build_chain(
        STAGES,
        lane=LANE,
        extraction=settings.extraction,
        boilerplate=boilerplate,
        subjects=settings.subjects,
        dedup=dedup,
        contained=contained,
    )
    fold = build_fold(near_window_secs=dedup.near_window_secs, exact_window_secs=dedup.exact_window_secs)
    fold.apply(newest_version(), 0)
    funnel = Funnel()
    began = time.perf_counter()
    with sigterm_unwinds(), show_progress("done") as show, OutputFiles(**outputs) as files, contained:
        lines = ClusterLines(files, ClusterParams(window_secs=dedup.exact_window_secs), LANE) if clusters else None
        params = StoryParams(window_secs=settings.stories.window_secs)
        told = StoryLines(files, params, LANE) if stories else None
        engine = Engine(chain, fold, files, funnel, lines, told)
        for done in engine.run(read_files(paths, now_ms=now_ms)):
            show(done)
    elapsed = time.perf_counter() - began
    report = {**funnel.report(), "seconds": round(elapsed, 3), "per_second": round(funnel.raw / elapsed, 1)}
    sys.stderr.buffer.write(orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stderr.flush()
    return 0


def _check_apart(inputs: Iterable[str], outputs: Iterable[str]) -> None:
    """Raise OutputError when an output would overwrite an input."""
    read = {Path(name).resolve() for name in inputs if name != STDIN}
    for name in outputs:
        if name != STDOUT and Path(name).resolve() in read:
            raise OutputError(f"{name} is also an input")


def _fixed_time(now: str | None, paths: Iterable[str]) -> int | None:
    if now is not None:
        return read_time(now, "--now")
    if STDIN not in paths:
        return None
    wall_ms = int(time.time() * 1000)
    print(
        f"news-pipeline: standard input has no modification time: articles without fetched_at get the present time, "
        f"{from_epoch_ms(wall_ms)}; choose another with --now",
        file=sys.stderr,
    )
    return wall_ms
