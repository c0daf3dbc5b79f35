"""Measure how the time of every reader grows with its input, from 10,000 to 80,000 characters made to be slow.

    python -m benchmarks.growth [--markdown] [--only TEXT]

Every compiled pattern gets strings drawn from its own syntax, every reader of fields, pages and bytes the pieces of
`adversarial.py`. Of each, the string is shown that takes longest. Times are CPU time of one thread, the best of three;
`x8` is the time at 80,000 characters over that at 10,000: 8 is linear, 64 quadratic. `held` is the longest time in
which another thread, such as that of the heartbeats, did not get the interpreter lock meanwhile.
"""

import argparse
import math
import sys
import threading
import time
from collections.abc import Callable, Iterable

from msgspec import Struct

from benchmarks.adversarial import PIECES, Pump, pumped, pumps
from benchmarks.readers import field_readers, language_reader, page_readers, patterns

__all__ = ["Growth", "grows_too_fast", "longest_hold", "on_strings", "seconds", "worst_growth"]

SIZES = (10_000, 20_000, 40_000, 80_000)
_ROUNDS = 3
_LINEAR_SLACK = 3.0
"""A reader is superlinear if the time for eight times the input is more than so many times eight times as long."""
_LEAST_SECS = 0.001
"""Shorter times say nothing about growth, and matter to nobody."""


class Growth(Struct, frozen=True):
    """The string on which a reader was slowest, and its times in seconds at each of some sizes."""

    pump: Pump
    secs: tuple[float, ...]

    @property
    def factor(self) -> float:
        """Return how many times as long the largest took as the smallest."""
        return self.secs[-1] / max(self.secs[0], 1e-7)


def seconds(read: Callable[[str], object], text: str, rounds: int = _ROUNDS) -> float:
    """Return the least CPU time of some calls."""
    best = math.inf
    for _ in range(rounds):
        began = time.thread_time()
        read(text)
        best = min(best, time.thread_time() - began)
    return best


def grows_too_fast(read: Callable[[str], object], pump: Pump, small: int, large: int) -> bool:
    """Return whether time grows faster than the input; it is measured again before that is believed.

    Args:
        read: The reader.
        pump: Makes its input.
        small: Characters of the smaller input.
        large: Characters of the larger one.
    """
    limit = large / small * _LINEAR_SLACK
    for rounds in (1, 3, 10):
        took = seconds(read, pump(large), rounds)
        if took < _LEAST_SECS or took <= limit * max(seconds(read, pump(small), rounds), 1e-5):
            return False
    return True


def worst_growth(read: Callable[[str], object], candidates: Iterable[Pump], sizes: tuple[int, ...] = SIZES) -> Growth:
    """Return the times of the string that takes longest."""
    slowest: tuple[float, Pump] | None = None
    for pump in candidates:
        took = seconds(read, pump(sizes[1]), 1)
        if slowest is None or took > slowest[0]:
            slowest = (took, pump)
    if slowest is None:
        raise ValueError("no strings")
    pump = slowest[1]
    return Growth(pump, tuple(seconds(read, pump(size)) for size in sizes))


def longest_hold(read: Callable[[str], object], text: str) -> float:
    """Return the longest time in seconds in which another thread did not run while a text was read."""
    longest = 0.0
    done = threading.Event()
    ready = threading.Event()

    def tick() -> None:
        nonlocal longest
        last = time.perf_counter()
        ready.set()
        while not done.is_set():
            time.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    ticking = threading.Thread(target=tick)
    ticking.start()
    ready.wait()
    read(text)
    done.set()
    ticking.join()
    return longest


def main() -> int:
    """Measure and print the tables; return 1 if anything grows too fast."""
    parser = argparse.ArgumentParser(description="How the time of every reader grows with its input.")
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/performance.md")
    parser.add_argument("--only", default="", help="measure only what has this in its name; `patterns` for those")
    options = parser.parse_args()
    row = _markdown_row if options.markdown else _plain_row
    _header(markdown=options.markdown)
    too_fast: list[str] = []
    readers = {**field_readers(), "the language of a text": language_reader(), **page_readers()}
    for name, read in readers.items():
        if options.only in name:
            growth = worst_growth(read, map(pumped, PIECES))
            print(row(name, growth, longest_hold(read, growth.pump(SIZES[-1]))), flush=True)
            too_fast += [name for piece in PIECES if grows_too_fast(read, pumped(piece), SIZES[0], SIZES[-1])]
    if options.only in "patterns":
        name, growth, found = _measure_patterns()
        print(row(name, growth, 0.0))
        too_fast += found
    for name in dict.fromkeys(too_fast):
        print(f"GROWS TOO FAST: {name}", file=sys.stderr)
    return 1 if too_fast else 0


def _measure_patterns() -> tuple[str, Growth, list[str]]:
    """Return the slowest pattern with its times, and all that grow too fast."""
    slowest: tuple[str, Growth] | None = None
    too_fast: list[str] = []
    all_patterns = patterns()
    for place, (pattern, readers) in all_patterns.items():
        candidates = pumps(pattern)
        for read in readers:
            reading = on_strings(pattern.pattern, read)
            growth = worst_growth(reading, candidates)
            if slowest is None or growth.secs[-1] > slowest[1].secs[-1]:
                slowest = (place, growth)
            too_fast += [place for pump in candidates if grows_too_fast(reading, pump, SIZES[0], SIZES[-1])]
    if slowest is None:
        raise ValueError("no patterns")
    return f"the slowest of {len(all_patterns)} patterns: {slowest[0]}", slowest[1], too_fast


def on_strings(pattern: str | bytes, read: Callable[..., object]) -> Callable[[str], object]:
    """Return a reader of strings, also for a pattern of bytes."""
    return read if isinstance(pattern, str) else lambda text: read(text.encode("utf-8", "surrogatepass"))


def _header(*, markdown: bool) -> None:
    if markdown:
        print("| reads | slowest string | 10k | 20k | 40k | 80k characters, ms | x8 | held, ms |")
        print("|---|---|---|---|---|---|---|---|")
    else:
        print(
            f"{'reads':42} {'slowest string':28} {'10k':>7} {'20k':>7} {'40k':>7} {'80k ms':>7} {'x8':>5} {'held':>6}"
        )


def _plain_row(name: str, growth: Growth, held: float) -> str:
    times = " ".join(f"{secs * 1000:7.2f}" for secs in growth.secs)
    return f"{name:42} {growth.pump(12)[:12]!a:28} {times} {growth.factor:5.1f} {held * 1000:6.1f}"


def _markdown_row(name: str, growth: Growth, held: float) -> str:
    times = " | ".join(f"{secs * 1000:.2f}" for secs in growth.secs)
    shown = growth.pump(8)[:8].encode("unicode_escape").decode().replace("|", "\\|").replace("`", "'")
    return f"| {name} | `{shown}` | {times} | {growth.factor:.1f} | {held * 1000:.0f} |"


if __name__ == "__main__":
    sys.exit(main())
