"""The fuzzer finds what is planted, and nothing in a few seconds of its own inputs; inputs depend on the seed alone."""

import json
import time
from pathlib import Path

import pytest

from benchmarks.fuzz import fuzz
from benchmarks.fuzzing.child import Budget, Child
from benchmarks.fuzzing.inputs import KINDS, make_input
from benchmarks.fuzzing.minimise import minimise
from benchmarks.fuzzing.values import Input

MARK = b"<b"
SMALL = Budget(cpu_secs=0.3, cpu_secs_per_mb=0.0, memory_bytes=64 << 20, memory_per_byte=0, hard_cpu_secs=1)


def raises_at_a_tag(made: Input) -> bytes:
    """Stand for a bug that some inputs show."""
    if MARK in made.value:
        raise KeyError("a tag")
    return made.value


def takes_long(made: Input) -> None:
    """Stand for what takes more time than its input justifies."""
    until = time.process_time() + (0.6 if b"slow" in made.value else 60 if b"hang" in made.value else 0)
    while time.process_time() < until:
        pass


def takes_memory(made: Input) -> int:
    """Stand for what takes more memory than its input justifies."""
    return len(b"x" * (100 << 20)) if b"large" in made.value else 0


def differs(made: Input) -> float:
    """Stand for output that depends on more than the input."""
    return time.monotonic() if made.value == b"now" else 0.0


def _target(name: str) -> str:
    return f"{__name__}:{name}"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


def test_a_few_inputs_of_each_kind_find_nothing() -> None:
    report = fuzz(1, minutes=1.0, inputs=20)
    assert report.findings == {}
    assert report.inputs.keys() <= KINDS.keys()
    assert sum(report.inputs.values()) > 0


def test_an_input_depends_on_seed_and_number() -> None:
    assert make_input(3, 7) == make_input(3, 7)
    assert make_input(3, 7) != make_input(4, 7)
    assert {make_input(1, number).kind for number in range(5)} == KINDS.keys()


@pytest.mark.parametrize(
    ("target", "value", "found"),
    [
        ("takes_long", b"slow", "slow"),
        ("takes_long", b"hang", "the process ended"),
        ("takes_memory", b"large", "memory"),
        ("differs", b"now", "other bytes"),
        ("raises_at_a_tag", b"<b>", "KeyError in"),
    ],
)
def test_what_is_planted_is_found(target: str, value: bytes, found: str) -> None:
    with Child(_target(target), SMALL) as child:
        measured = child.run(Input("page", value), repeats=True)
        assert found in (measured.error or SMALL.exceeded(len(value), measured) or "")
        fine = child.run(Input("page", b"fine"), repeats=True)
        assert fine.error is None
        assert SMALL.exceeded(4, fine) is None


def test_findings_are_made_smaller_and_kept_and_a_run_goes_on_where_it_was(tmp_path: Path) -> None:
    target = _target("raises_at_a_tag")
    first = fuzz(1, minutes=1.0, inputs=3, folder=tmp_path, target=target)
    assert first.findings
    assert all("KeyError" in what for what in first.findings)
    stored = [json.loads(file.read_text("utf-8")) for file in tmp_path.glob("finding-*.json")]
    assert {one["found"] for one in stored} == set(first.findings)
    assert all(eval(one["shown"]) == MARK for one in stored)  # noqa: S307  bytes that this test wrote
    assert json.loads((tmp_path / "progress-1.json").read_text("utf-8")) == {"next": 3}


def test_minimising_ends_at_what_is_needed_or_at_the_number_of_tries() -> None:
    made = Input("page", b"a" * 500 + b"<b" + b"c" * 500, (("x", b"1"), ("y", b"2")))
    assert minimise(made, lambda one: MARK in one.value, 1000) == Input("page", MARK)
    tried: list[Input] = []

    def never(one: Input) -> bool:
        tried.append(one)
        return False

    minimise(made, never, 7)
    assert len(tried) == 7
