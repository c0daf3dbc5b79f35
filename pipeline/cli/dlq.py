"""`news-pipeline dlq`."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from pipeline.cli.arguments import Rate, UsageError, above_zero
from pipeline.cli.dlq_selection import Selection, found_letters, read_place
from pipeline.cli.signals import sigterm_unwinds
from pipeline.exit_codes import ExitCode
from pipeline.ops import dead_letters as letters_in
from pipeline.ops.clients import catalogue_for, consumer
from pipeline.ops.dead_letter_replay import DeadLetterReplay, PlannedReplay, Refusal, ReplayParams, ReplayProgress
from pipeline.ops.resending import RateLimiter, resender
from pipeline.ops.topic_reader import record_at
from pipeline.settings import load_settings
from pipeline.wire.catalogue import REPLAYS, Catalogue
from pipeline.wire.replays import DeadLetter, is_ours

__all__ = ["app"]

app = App(name="dlq", help="List, show, count and send back dead letters.", result_action="return_value")

_MEANINGS: dict[Refusal, str] = {
    "replayed": "were sent back before; --again sends them once more",
    "same": "are further dead letters of records that are sent back already",
    "attempts": f"were sent back {ReplayParams().max_attempts} times already: fix the cause first",
    "old": "arrived before the window of deduplication, and could replace newer versions: fetch the articles again, or "
    "use --old",
    "incomplete": "were truncated for their size: get the originals from their source",
    "unreadable": "are not articles of this version, so their raw records cannot be found",
    "raw_gone": "were rejected after their verdict, and their raw records have expired: fetch the articles again",
    "verdict": "are verdicts, which must not be appended late; a repaired `cluster` reads them when it starts",
    "unknown_topic": "are from topics that are not in the catalogue or not on the cluster",
    "too_large": "are too large for their topic with the headers of a replay",
}
_FAILURES: frozenset[Refusal] = frozenset(_MEANINGS) - {"replayed", "same"}

Count = Annotated[int | None, Parameter(help="Stop after this many.", validator=above_zero)]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]


_ALL = Selection()


@app.command(name="list")
def list_letters(selection: Selection = _ALL, *, count: Count = None, json_lines: Json = False) -> None:
    """List dead letters: time, place, stage, reason, exception, place and size of the original.

    Their content is not printed.
    """
    with found_letters(load_settings(), selection) as (found, _):
        for number, letter in enumerate(found, start=1):
            print(json.dumps(_row(letter)) if json_lines else _line(letter))
            if number == count:
                break


@app.command
def show(place: str, *, value: Annotated[bool, Parameter(negative="")] = False, output: Path | None = None) -> int:
    """Print the headers of one dead letter; its content only with `--value` or `--output`.

    Of the headers of the original record, which may contain a title, only the names are printed.

    Parameters
    ----------
    place:
        topic/partition/offset, as `list` prints it.
    value:
        Print the original value, byte for byte, and nothing else.
    output:
        Write the original value to this file.
    """
    wanted = read_place(place)
    settings = load_settings()
    with consumer(settings.kafka, enable_auto_commit=False, group_id=None) as client:
        letter = letters_in.one_dead_letter(client, wanted)
    if letter is None:
        print(f"news-pipeline: there is no dead letter at {place}", file=sys.stderr)
        return ExitCode.CRASH
    content = letter.original.value or b""
    if output is not None:
        _write(output, content)
    if value:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        print(json.dumps({**_row(letter), **_headers(letter)}, indent=2))
    return 0


@app.command
def stats(selection: Selection = _ALL, *, json_lines: Json = False) -> None:
    """Count dead letters by stage, reason, source topic and hour (UTC)."""
    with found_letters(load_settings(), selection) as (found, _):
        counted = letters_in.statistics(found)
    if json_lines:
        print(json.dumps({name: dict(sorted(counts.items())) for name, counts in counted.items()}))
        return
    for name, counts in counted.items():
        for value, number in sorted(counts.items()):
            print(f"{name:<8} {value:<40} {number:>8}")
    print(f"{'all':<49} {counted['stage'].total():>8}")


@app.command
def replay(
    selection: Selection = _ALL,
    *,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    again: Annotated[bool, Parameter(negative="")] = False,
    every: Annotated[bool, Parameter(name="--all", negative="")] = False,
    old: Annotated[bool, Parameter(negative="")] = False,
    rate: Rate = None,
) -> int:
    """Send dead letters back to the topics they were read from, with original bytes, key and headers.

    Each dead letter is sent back once, unless `--again` is given. A record that is rejected again makes a new dead
    letter, which can be sent back too, but no record is sent back more than three times. The cluster stores what was
    sent back, so repeat an interrupted command to continue it. Exit 1 when some dead letters could not be sent back.

    Parameters
    ----------
    dry_run:
        Only print what would be done.
    again:
        Also send back dead letters that were sent back before.
    every:
        Send back the dead letters of all stages and reasons. Without any option that selects some of them, the command
        asks before it does that, or, where nobody can answer, exits with code 2.
    old:
        Also send back records that arrived before the window of deduplication, although they may be older than what
        was published since.
    """
    if selection == _ALL and not (every or dry_run):
        _confirm()
    settings = load_settings()
    catalogue = catalogue_for(settings)
    done = ReplayProgress(sent=Counter(), refused=Counter())
    now_ms = int(time.time() * 1000)
    largest = max(spec.max_message_bytes for spec in catalogue.topics)
    with (
        found_letters(settings, selection, now_ms) as (found, client),
        consumer(settings.kafka, enable_auto_commit=False, group_id=None) as raw,
        sigterm_unwinds(),
        _reported(done, "would be sent" if dry_run else "sent"),
        # Opened before the receipts are read: it fences an earlier command, which could otherwise append more of them.
        nullcontext() if dry_run else resender(settings, "dlq-replay", largest) as sender,
    ):
        work = DeadLetterReplay(
            catalogue,
            lambda topic: len(client.partitions_for_topic(topic) or ()),
            lambda place: record_at(raw, place.topic, place.partition, place.offset),
            _ledger(raw, catalogue),
            ReplayParams(oldest_arrival_ms=None if old else now_ms - settings.dedup.exact_window_secs * 1000),
            again=again,
        )
        planned = work.plan(found, done)
        if sender is None:
            done.sent.update(item.record.topic for item in _shown(planned))
        else:
            work.run(sender, planned, done, RateLimiter(rate), now_ms)
    return int(any(done.refused[refusal] for refusal in _FAILURES))


def _confirm() -> None:
    """Ask whether everything is meant; `--all` says so in scripts."""
    hint = "nothing was sent back: select dead letters, such as with --reason, or confirm with --all"
    if not sys.stdin.isatty():
        raise UsageError(hint)
    print("Send back all dead letters, of every stage and reason? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError(hint)


def _ledger(client: Any, catalogue: Catalogue) -> letters_in.Ledger:
    ledger = letters_in.read_ledger(client, catalogue)
    if ledger.unreadable:
        print(
            f"news-pipeline: {ledger.unreadable} records of {catalogue.full_name(REPLAYS)} cannot be read: "
            "the dead letters that they name count as not sent back",
            file=sys.stderr,
        )
    return ledger


def _shown(planned: Iterable[PlannedReplay]) -> Iterator[PlannedReplay]:
    for item in planned:
        print(f"{item.letter.place} to {item.record.topic}/{item.record.partition}, attempt {item.attempt}")
        yield item


@contextmanager
def _reported(done: ReplayProgress, what: str) -> Iterator[None]:
    """Print the result after the block, even when that was interrupted."""
    try:
        yield
    finally:
        for topic, number in sorted(done.sent.items()):
            print(f"{number} {what} to {topic}")
        if not done.sent:
            print(f"0 {what}")
        if done.last is not None:
            print(f"last: {done.last}")
        for refusal, number in sorted(done.refused.items()):
            print(f"{number} not sent: {_MEANINGS[refusal]}")


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _row(letter: DeadLetter) -> dict[str, Any]:
    original = letter.original
    return {
        "place": str(letter.place),
        "failed_at": letter.failed_at,
        "stage": letter.stage,
        "reason": letter.reason,
        "exception": letter.exception_name,
        "original": f"{original.topic}/{original.partition}/{original.offset}",
        "bytes": len(original.value or b""),
        "complete": letter.complete,
    }


def _line(letter: DeadLetter) -> str:
    row = _row(letter)
    return (
        f"{row['failed_at']}  {row['place']}  {row['stage']}  {row['reason']}  {row['exception'] or '-'}  "
        f"from {row['original']}  {row['bytes']} bytes"
    )


def _headers(letter: DeadLetter) -> dict[str, Any]:
    own = {name: (value or b"").decode("utf-8", "backslashreplace") for name, value in letter.headers if is_ours(name)}
    return {"headers": own, "original_headers": [name for name, _ in letter.headers if not is_ours(name)]}
