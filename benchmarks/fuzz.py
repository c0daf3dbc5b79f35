"""Give hostile input to the stages and the reader of record batches, in a process with limits, and keep what it finds.

    python -m benchmarks.fuzz --seed 1 --minutes 30 --findings /tmp/fuzz

Inputs are pages, JSON records, bodies with headers, and record batches, made by grammars from a seed and a number, so a
run can be repeated, and one that was stopped goes on where it was. A finding is an exception, a promise that is broken,
more time or memory than the size of the input justifies, or the end of the process. It is tried again, made smaller,
and stored with its input. The exit code is 1 if there are findings.
"""

import argparse
import base64
import json
import sys
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.fuzzing.child import Budget, Child, Measured
from benchmarks.fuzzing.inputs import make_input
from benchmarks.fuzzing.minimise import minimise
from benchmarks.fuzzing.values import Input

__all__ = ["TARGET", "Report", "fuzz"]

TARGET: Final = "benchmarks.fuzzing.target:process"
_REPEATED_EVERY: Final = 4  # inputs, of which one is processed twice
_CONFIRMATIONS: Final = 2  # times that an input is tried again
_TRIES: Final = 150  # to make a finding smaller
_KEPT: Final = 2  # findings of one kind that are stored
_SAVED_EVERY: Final = 100  # inputs


class Report(Struct):
    """What a run did: inputs by kind, findings by what they are, and the most that an input took."""

    inputs: Counter[str]
    findings: Counter[str]
    most_cpu_secs: float = 0.0
    most_bytes: int = 0


def fuzz(
    seed: int,
    *,
    minutes: float,
    inputs: int | None = None,
    start: int = 0,
    folder: Path | None = None,
    target: str = TARGET,
    budget: Budget | None = None,
) -> Report:
    """Try inputs until the time is over.

    Args:
        seed: Determines the inputs, with their numbers.
        minutes: Time after which no further input is tried.
        inputs: Number of inputs after which the run ends; None for no such end.
        start: Number of the first input.
        folder: Where findings are stored, and how far the run came; None to store nothing.
        target: What inputs are given to, as `module:name`.
        budget: The limits.
    """
    budget = budget or Budget()
    report = Report(Counter(), Counter())
    until = time.monotonic() + minutes * 60
    number = start
    with Child(target, budget) as child:
        while time.monotonic() < until and (inputs is None or number < start + inputs):
            made = make_input(seed, number)
            measured = child.run(made, repeats=number % _REPEATED_EVERY == 0)
            report.inputs[made.kind] += 1
            report.most_cpu_secs = max(report.most_cpu_secs, measured.cpu_secs)
            report.most_bytes = max(report.most_bytes, measured.peak_bytes)
            found = _finding(child, made, measured, budget)
            if found is not None:
                report.findings[found] += 1
                print(f"{seed}-{number}: {found}", file=sys.stderr, flush=True)
                if folder is not None and report.findings[found] <= _KEPT:
                    _store(child, folder, f"{seed}-{number}", made, found, budget)
            number += 1
            if folder is not None and number % _SAVED_EVERY == 0:
                _save(folder, seed, number)
    if folder is not None:
        _save(folder, seed, number)
    return report


def _kind(made: Input, measured: Measured, budget: Budget) -> str | None:
    what = measured.error or budget.exceeded(made.size, measured)
    return None if what is None else f"{made.kind}: {what}"


def _finding(child: Child, made: Input, measured: Measured, budget: Budget) -> str | None:
    """Return what was found, if it is found again: a busy machine makes single measurements long."""
    found = _kind(made, measured, budget)
    for _ in range(_CONFIRMATIONS):
        if found is not None:
            found = _kind(made, child.run(made, repeats=True), budget)
    return found


def _store(child: Child, folder: Path, name: str, made: Input, found: str, budget: Budget) -> None:
    measured = child.run(made, repeats=True)
    small = minimise(made, lambda one: _kind(one, child.run(one, repeats="again" in found), budget) == found, _TRIES)
    stored = {
        "found": found,
        "input": name,
        "bytes": len(made.value),
        "cpu_secs": round(measured.cpu_secs, 3),
        "peak_bytes": measured.peak_bytes,
        "detail": measured.detail,
        "headers": [(key, base64.b64encode(content).decode()) for key, content in small.headers],
        "value_base64": base64.b64encode(small.value).decode(),
        "shown": repr(small.value[:1000]),
    }
    key = sha256(found.encode()).hexdigest()[:8]
    (folder / f"finding-{key}-{name}.json").write_text(json.dumps(stored, indent=2) + "\n", "utf-8")


def _progress(folder: Path, seed: int) -> Path:
    return folder / f"progress-{seed}.json"


def _save(folder: Path, seed: int, number: int) -> None:
    _progress(folder, seed).write_text(json.dumps({"next": number}) + "\n", "utf-8")


def main() -> int:
    """Run and print what was tried and found; return 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="determines the inputs")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to try inputs")
    parser.add_argument("--inputs", type=int, help="how many inputs to try at most")
    parser.add_argument("--start", type=int, help="number of the first input; by default, where the folder's run ended")
    parser.add_argument("--findings", type=Path, help="folder for findings and progress")
    options = parser.parse_args()
    start = options.start or 0
    if options.findings is not None:
        options.findings.mkdir(parents=True, exist_ok=True)
        progress = _progress(options.findings, options.seed)
        if options.start is None and progress.exists():
            start = int(json.loads(progress.read_text("utf-8"))["next"])
    began = time.monotonic()
    report = fuzz(options.seed, minutes=options.minutes, inputs=options.inputs, start=start, folder=options.findings)
    found = {
        "seed": options.seed,
        "start": start,
        "minutes": round((time.monotonic() - began) / 60, 1),
        "inputs": dict(report.inputs),
        "findings": dict(report.findings),
        "most_cpu_secs": round(report.most_cpu_secs, 2),
        "most_mib": report.most_bytes >> 20,
    }
    print(json.dumps(found))
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
