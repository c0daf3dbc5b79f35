"""Print digests of everything that the stages make of an input, to show that a change of speed changes nothing else.

    python -m benchmarks.outputs --input PATH [PATH ...] [--extraction fast] [--each PATH]

The input is any file that `news-pipeline run` reads; without it, the samples. Run it in two checkouts on the same
absolute paths, which are part of outputs: equal digests mean equal bytes of articles with their signatures, verdicts
and events. `--each` writes one line for each value; the first line that differs names the record. No encoder is used.
"""

import argparse
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, get_args

import msgspec

from pipeline.assembly import build_fold, build_stages
from pipeline.domain.extraction import Extraction
from pipeline.domain.outcome import Emit
from pipeline.domain.stage import STAGES
from pipeline.settings import DedupSettings, SubjectSettings
from pipeline.sources.files import find_files, read_files

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "articles"
BATCH = 256
NOW_MS = 1_764_000_000_000
"""Where a source has no time of its own; the same in every run."""

_ENCODER = msgspec.json.Encoder(order="deterministic")


def main() -> None:
    """Run the stages over the input and print one digest for each kind of output."""
    parser = argparse.ArgumentParser(description="Digests of all outputs of the stages.")
    parser.add_argument("--input", type=Path, nargs="+", default=[SAMPLES])
    parser.add_argument("--extraction", choices=get_args(Extraction), default="auto")
    parser.add_argument("--each", type=Path, help="write a line for each value")
    options = parser.parse_args()
    with options.each.open("w", encoding="utf-8") if options.each else nullcontext() as lines:
        digests = Digests(lines)
        run(options.input, options.extraction, digests)
    for name, (count, digest) in digests.all().items():
        print(f"{name:<24}{count:>8}  {digest[:32]}")


class Digests:
    """Keeps one digest for each kind of output, of all its values in order."""

    def __init__(self, lines: IO[str] | None) -> None:
        """Start with none.

        Args:
            lines: Takes a line for each value, if they are wanted.
        """
        self._hashes: dict[str, Any] = {}
        self._counts: dict[str, int] = {}
        self._lines = lines

    def add(self, kind: str, values: Iterable[Any]) -> None:
        """Add values of one kind."""
        digest = self._hashes.setdefault(kind, sha256())
        for value in values:
            data = type(value).__name__.encode() + _ENCODER.encode(value)
            digest.update(sha256(data).digest())
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            if self._lines is not None:
                self._lines.write(f"{kind} {number} {sha256(data).hexdigest()[:16]}\n")

    def all(self) -> dict[str, tuple[int, str]]:
        """Return number of values and digest by kind."""
        return {kind: (self._counts.get(kind, 0), digest.hexdigest()) for kind, digest in self._hashes.items()}


def run(paths: Sequence[Path], extraction: Extraction, digests: Digests) -> None:
    """Take all records through the stages and add what each of them makes."""
    ingest: Any
    dedupe: Any
    ingest, dedupe, *rest = build_stages(STAGES, extraction=extraction, subjects=SubjectSettings(reader="fast"))
    later: list[Any] = list(rest)  # `dedupe` is the only stage without `process`
    windows = DedupSettings()
    fold = build_fold(near_window_secs=windows.near_window_secs, exact_window_secs=windows.exact_window_secs)
    records = list(read_files(find_files(list(paths)), now_ms=NOW_MS))
    for start in range(0, len(records), BATCH):
        batch: Any = _counted("ingest", ingest.process(records[start : start + BATCH]), digests)
        signatures = dedupe.sign(batch)
        verdicts = list(fold.apply_all([(one, one.ingested_at_ms) for one in signatures]))
        digests.add("verdict", verdicts)
        batch = _counted("dedupe", dedupe.judge(batch, verdicts), digests)
        for stage in later:
            batch = _counted(stage.name, stage.process(batch), digests)


def _counted(stage: str, outcomes: Sequence[Any], digests: Digests) -> list[Any]:
    digests.add(stage, outcomes)
    return [outcome.value for outcome in outcomes if isinstance(outcome, Emit)]


if __name__ == "__main__":
    main()
