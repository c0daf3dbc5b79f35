"""Write the table of docs/guarantees.md from what `make test-faults` measured; `--check` only compares."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.faults.cases import KEYS

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "guarantees.md"
RESULTS = REPOSITORY / "benchmarks" / "results" / "faults.json"
BEGIN, END = "<!-- The table is made by scripts/generate_guarantees.py -->\n", "<!-- end of the table -->\n"
GUARANTEES = ("exactly_once", "at_least_once")
TOPOLOGIES = ("one", "five")


def faults_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table, by guarantee, fault and topology."""
    lines = [
        "| guarantee | fault | services | inputs | lost | duplicated | recovery s | how it hit |",
        "|---|---|---|---:|---:|---:|---:|---|",
    ]
    ordered = sorted(
        rows, key=lambda row: (GUARANTEES.index(row["guarantee"]), row["fault"], TOPOLOGIES.index(row["topology"]))
    )
    lines += [
        f"| {row['guarantee']} | {row['fault']} | {row['topology']} | {row['inputs']} | {row['lost']} "
        f"| {row['duplicated']} | {row['recovery_secs']:.0f} | {_told(row)} |"
        for row in ordered
    ]
    return "\n".join(lines) + "\n"


def origin(measured: dict[str, Any]) -> str:
    """Say which code was measured, and how long the suite took."""
    rows = measured["rows"]
    commits = ", ".join(f"`{commit}`" for commit in sorted({row["commit"] for row in rows}))
    secs = measured["total_secs"]
    how = f"in one run of {secs / 60:.0f} minutes" if secs is not None else "**not in one run from start to end**"
    failed = sum(bool(row["failed"]) for row in rows)
    return f"{len(rows)} rows, measured at commit {commits} {how}; {failed or 'none'} failed.\n"


def missing(measured: dict[str, Any]) -> str:
    """Say which cases of the suite have no row."""
    found = {(row["fault"], row["topology"], row["guarantee"]) for row in measured["rows"]}
    left: dict[str, list[str]] = {}
    for fault, topology, guarantee in sorted(KEYS - found):
        left.setdefault(f"{guarantee}, {topology}", []).append(fault)
    if not left:
        return ""
    return (
        "\n".join(["Cases of the suite without a row:", ""] + [f"- {k}: {'; '.join(v)}" for k, v in left.items()])
        + "\n"
    )


def guarantees_page(page: str, measured: dict[str, Any]) -> str:
    """Return the page with its table made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{origin(measured)}\n{faults_table(measured['rows'])}\n{missing(measured)}{END}{after}"


def _told(row: dict[str, Any]) -> str:
    """Return the proof that a fault hit, and what went wrong, if anything did."""
    if not row["failed"]:
        return str(row["proof"])
    wrong = row["failed"].replace("|", "/")
    return f"**failed: {wrong}** {row['proof']}".rstrip()


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` say whether it is up to date."""
    page = PAGE.read_text("utf-8")
    made = guarantees_page(page, json.loads(RESULTS.read_bytes()))
    if "--check" not in arguments:
        PAGE.write_text(made, "utf-8")
        return 0
    if made == page:
        return 0
    print(f"{PAGE.name} is out of date: run python -m scripts.generate_guarantees", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
