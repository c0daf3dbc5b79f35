"""`news-pipeline dedupe`."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from pipeline.assembly import build_fold
from pipeline.cli.arguments import UsageError
from pipeline.dedup.fold import Fold
from pipeline.dedup.signature.signing import SIGNATURE_VERSION
from pipeline.domain.ids import ArticleId
from pipeline.domain.signature import Activate
from pipeline.domain.times import from_epoch_ms
from pipeline.exit_codes import ExitCode
from pipeline.kafka_io.log_identity import log_identity
from pipeline.ops.clients import catalogue_for, consumer, raw_producer
from pipeline.ops.dedup_control import append_control
from pipeline.ops.dedup_explanation import Step, explanation
from pipeline.ops.dedup_logs import LogBounds, LogName, LogStatistics, bounds_of, log_entries, statistics
from pipeline.ops.dedup_rebuild import Rebuild, RebuildResult
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.settings import Settings, load_settings
from pipeline.wire.catalogue import SIGNATURES, Catalogue

__all__ = ["app"]

app = App(
    name="dedupe",
    help="Count, explain and check verdicts; switch the version of the fold.",
    result_action="return_value",
)

_LOGS: tuple[LogName, ...] = ("signatures", "verdicts")

_COUNTS = {
    "position": "end offset of the records that were read from the signature log",
    "signatures": "signatures were folded",
    "replays": "signatures were appended again, with the same origin",
    "compared": "signatures have a recorded verdict, which was compared",
    "different": "of the compared verdicts differ",
    "adopted": "recorded verdicts are too close to the truncated start of the log to be compared",
    "unrecorded": "signatures have no recorded verdict, or none yet",
    "undecodable": "records cannot be read by this version",
}

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]


@app.command
def stats(*, top: int = 10, json_lines: Json = False) -> None:
    """Count the records of the two logs of deduplication.

    Parameters
    ----------
    top:
        Number of publishers to list, those with the most syndicated copies first.
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
    """Show why an article passed or was held back: its recorded verdicts, and the articles that refer to it.

    Parameters
    ----------
    article_id:
        The article's id: the key of its records, `id` in events.
    """
    with _reader(load_settings()) as (client, catalogue):
        found = explanation(log_entries(client, catalogue, ["verdicts"]), ArticleId(article_id))
    if found is None:
        print(f"news-pipeline: no verdict is recorded about the article {article_id}", file=sys.stderr)
        return ExitCode.CRASH
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


@app.command
def rebuild(*, output: Path | None = None, shown: int = 10, json_lines: Json = False) -> int:
    """Fold the signature log again and compare the result with the recorded verdicts; exit 1 when any differs.

    When the start of the log is truncated, verdicts within the exact window after it may depend on missing records.
    They are adopted without a comparison and counted separately.

    Parameters
    ----------
    output:
        Write a snapshot to this directory; a worker whose NEWS_DEDUP__SNAPSHOT_DIR it is starts from that. No snapshot
        is written when verdicts differ.
    shown:
        Number of differences to print in full.
    """
    settings = load_settings()
    fold = _fold(settings)
    with _reader(settings) as (client, catalogue):
        first = bounds_of(client, catalogue, "signatures").first
        work = Rebuild(fold, first, skip_offsets=settings.dedup.skip_offsets, shown=shown)
        done = work.run(log_entries(client, catalogue, _LOGS))
        topic = catalogue.full_name(SIGNATURES)
    _print_rebuilt(done, json_lines=json_lines)
    if output is not None and not done.different:
        store = SnapshotStore(output, topic, log_identity(settings.kafka, topic))
        if not store.save(done.position, fold.snapshot()):
            raise UsageError(f"{output}: the snapshot could not be written")
    return ExitCode.CRASH if done.different else 0


@app.command
def activate(
    version: int,
    *,
    yes: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Activate a version of the fold for all signatures that are appended after this command.

    Workers that do not have that version exit with an error when they reach the record: upgrade all of them first.

    Parameters
    ----------
    version:
        The version of the fold.
    yes:
        Confirm: the record cannot be removed, only followed by another activation.
    dry_run:
        Only print what would be done.
    """
    settings = load_settings()
    known = sorted(_fold(settings).versions)
    if version not in known:
        raise UsageError(f"this release has no fold version {version}; it has {', '.join(map(str, known))}")
    record = Activate(fold_version=version, signature_version=SIGNATURE_VERSION)
    with _reader(settings) as (client, catalogue):
        found = statistics(log_entries(client, catalogue, _LOGS))
        end = max(bounds_of(client, catalogue, "signatures").end, found.ends.get("signatures", 0))
    print(f"in force: fold {found.fold_version}; from offset {end} of the signature log or later: fold {version}")
    if dry_run:
        return
    if not yes:
        raise UsageError("nothing was appended; confirm with --yes")
    with raw_producer(settings.kafka, catalogue.topic(SIGNATURES)) as producer:
        print(f"appended at offset {append_control(producer, catalogue, record)}")


def _fold(settings: Settings) -> Fold:
    dedup = settings.dedup
    return build_fold(near_window_secs=dedup.near_window_secs, exact_window_secs=dedup.exact_window_secs)


def _print_rebuilt(done: RebuildResult, *, json_lines: bool) -> None:
    counts = {name: value for name in RebuildResult.__struct_fields__ if isinstance(value := getattr(done, name), int)}
    differences = [
        {"offset": found.offset, "article_id": found.recorded.article_id, "fields": found.fields}
        for found in done.differences
    ]
    if json_lines:
        print(json.dumps({**counts, "differences": differences}, default=msgspec.to_builtins))
        return
    for name, number in counts.items():
        print(f"{name:<12} {number:>10}  {_COUNTS[name]}")
    for found in done.differences:
        print(f"offset {found.offset}, article {found.recorded.article_id}: recorded, folded again")
        for name, (recorded, folded) in found.fields.items():
            print(f"  {name:<16} {recorded}, {folded}")


@contextmanager
def _reader(settings: Settings) -> Iterator[tuple[Any, Catalogue]]:
    with consumer(settings.kafka, enable_auto_commit=False, group_id=None) as client:
        yield client, catalogue_for(settings)


def _plain(
    settings: Settings, bounds: dict[LogName, LogBounds], found: LogStatistics, top: int
) -> dict[str, dict[str, int | str | None]]:
    def log(name: LogName) -> dict[str, int | str | None]:
        first_ms, last_ms = found.times_ms.get(name, (None, None))
        return {
            "first_offset": bounds[name].first,
            # The embedded broker reports ends that are too low.
            "end_offset": max(bounds[name].end, found.ends.get(name, 0)),
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
        "changed": [{"part": one.part, "added": one.added, "removed": one.removed} for one in verdict.changed],
        "change_labels": list(verdict.change_labels),
        "own_share": verdict.own_share,
        "related": list(verdict.related),
        "flags": list(verdict.flags),
        "promotes": None if verdict.promotes is None else verdict.promotes.article_id,
        "syndicated": verdict.syndicated,
        "fold_version": verdict.fold_version,
        "origin": "/".join(str(part) for part in msgspec.to_builtins(verdict.origin) if part != ""),
    }


def _print_steps(steps: Iterable[Step], *, named: bool = False) -> None:
    for step in steps:
        row = _step(step)
        what = "void: rejected after its verdict" if step.void else f"{row['kind']} by {row['method']}"
        who = [row["article_id"], row["publisher"]] if named else []
        score = "" if row["score"] is None else f"score {row['score']:.3f}"
        if score and row["threshold"] is not None:
            score += f" (threshold {row['threshold']:.3f})"
        parts = [
            *who,
            what,
            f"revision {row['revision']}",
            *row["change_labels"],
            *[f"{item['part']} +{item['added']} -{item['removed']}" for item in row["changed"]],
            score,
            f"matched {row['matched_id']}" if row["matched_id"] else "",
            f"canonical {row['canonical_id']}",
            "syndicated" if row["syndicated"] else "",
            *row["flags"],
            f"promotes {row['promotes']}" if row["promotes"] else "",
            f"from {row['origin']}",
        ]
        print(f"  {row['at']}  " + ", ".join(part for part in parts if part))
