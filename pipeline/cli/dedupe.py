"""`news-pipeline dedupe`."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from cyclopts import App, Parameter

from pipeline.cli.exits import CRASH
from pipeline.domain.ids import ArticleId
from pipeline.domain.times import from_epoch_ms
from pipeline.ops.clients import catalogue_for, consumer
from pipeline.ops.dedup_explanation import Step, explanation
from pipeline.ops.dedup_logs import Bounds, LogName, LogStatistics, bounds_of, log_entries, statistics
from pipeline.settings import Settings, load_settings
from pipeline.wire.catalogue import Catalogue

__all__ = ["app"]

app = App(
    name="dedupe", help="Count, explain, check and switch what deduplication decides.", result_action="return_value"
)

_LOGS: tuple[LogName, ...] = ("signatures", "verdicts")

Json = Annotated[bool, Parameter(name="--json", negative="", help="JSON for programs.")]


@app.command
def stats(*, top: int = 10, json_lines: Json = False) -> None:
    """Count what the two logs of deduplication hold, up to now.

    Parameters
    ----------
    top:
        Name so many of the publishers with most syndicated copies.
    """
    settings = load_settings()
    with _reader(settings) as (client, catalogue):
        bounds = {log: bounds_of(client, catalogue, log) for log in _LOGS}
        found = statistics(log_entries(client, catalogue, _LOGS))
    plain = _plain(settings, bounds, found, top)
    if json_lines:
        print(json.dumps(plain))
        return
    for group, counts in plain.items():
        for name, value in counts.items():
            print(f"{group:<11} {name:<40} {'-' if value is None else value:>24}")


@app.command
def explain(article_id: str, *, json_lines: Json = False) -> int:
    """Say why an article passed or was held back: every verdict on record about it, and who points at it.

    Parameters
    ----------
    article_id:
        The article's id: the key of its records, `id` in events.
    """
    with _reader(load_settings()) as (client, catalogue):
        found = explanation(log_entries(client, catalogue, ["verdicts"]), ArticleId(article_id))
    if found is None:
        print(f"news-pipeline: there is no verdict on record about {article_id}", file=sys.stderr)
        return CRASH
    if json_lines:
        steps, pointers = ([_step(step) for step in steps] for steps in (found.steps, found.pointers))
        plain = {"article_id": article_id, "cluster_id": found.cluster_id, "verdicts": steps, "pointed_at_by": pointers}
        print(json.dumps(plain))
        return 0
    print(f"article {article_id}, cluster {found.cluster_id}")
    _print_steps(found.steps)
    print(f"pointed at by {len(found.pointers)}")
    _print_steps(found.pointers, named=True)
    return 0


@contextmanager
def _reader(settings: Settings) -> Iterator[tuple[Any, Catalogue]]:
    with consumer(settings.kafka, enable_auto_commit=False, group_id=None) as client:
        yield client, catalogue_for(settings)


def _plain(
    settings: Settings, bounds: dict[LogName, Bounds], found: LogStatistics, top: int
) -> dict[str, dict[str, int | str | None]]:
    def log(name: LogName) -> dict[str, int | str | None]:
        first_ms, last_ms = found.times_ms.get(name, (None, None))
        return {
            "first_offset": bounds[name].first,
            "end_offset": bounds[name].end,
            "first_at": None if first_ms is None else from_epoch_ms(first_ms),
            "last_at": None if last_ms is None else from_epoch_ms(last_ms),
            "undecodable": found.undecodable[name],
        }

    return {
        "fold": {
            "version": found.fold_version,
            "near_window_secs": settings.dedup.near_window_secs,
            "exact_window_secs": settings.dedup.exact_window_secs,
        },
        "signatures": {
            **log("signatures"),
            "signatures": found.signatures,
            "articles": len(found.articles),
            "voids": found.voids,
            "activations": found.activations,
        },
        "verdicts": {**log("verdicts"), "verdicts": found.kinds.total(), "voids": found.lost},
        "kinds": dict(sorted(found.kinds.items())),
        "syndicated": dict(found.syndicated.most_common(top)),
    }


def _step(step: Step) -> dict[str, Any]:
    verdict = step.verdict
    return {
        "at": from_epoch_ms(step.at_ms),
        "offset": step.offset,
        "article_id": verdict.article_id,
        "url": step.url,
        "publisher": step.publisher,
        "void": step.void,
        "kind": verdict.kind,
        "method": verdict.method,
        "score": verdict.score,
        "threshold": verdict.threshold,
        "matched_id": verdict.matched_id,
        "canonical_id": verdict.canonical_id,
        "cluster_id": verdict.cluster_id,
        "revision": verdict.revision,
        "supersedes": verdict.supersedes,
        "change_class": verdict.change_class,
        "related": list(verdict.related),
        "flags": list(verdict.flags),
        "syndicated": verdict.syndicated,
        "fold_version": verdict.fold_version,
        "origin": f"{verdict.origin.lane}{verdict.origin.partition}/{verdict.origin.offset}",
    }


def _print_steps(steps: Iterable[Step], *, named: bool = False) -> None:
    for step in steps:
        row = _step(step)
        what = "void: died after its verdict" if step.void else f"{row['kind']} by {row['method']}"
        who = [row["article_id"], row["publisher"]] if named else []
        score = "" if row["score"] is None else f"score {row['score']:.3f}"
        if score and row["threshold"] is not None:
            score += f" of {row['threshold']:.3f}"
        parts = [
            *who,
            what,
            f"revision {row['revision']}",
            row["change_class"] or "",
            score,
            f"matched {row['matched_id']}" if row["matched_id"] else "",
            f"canonical {row['canonical_id']}",
            "syndicated" if row["syndicated"] else "",
            *row["flags"],
            f"from {row['origin']}",
        ]
        print(f"  {row['at']}  " + ", ".join(part for part in parts if part))
