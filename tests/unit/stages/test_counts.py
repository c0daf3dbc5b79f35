"""Counts of batches add up to the counts of their unit of work."""

from pipeline.stages.counts import StageCounts


def test_counts_are_added_by_reason() -> None:
    first = StageCounts(5, 2, {"near": 1, "exact": 1}, {"unexpected": 1})
    second = StageCounts(4, 1, {"near": 2}, {"too_large": 1})
    assert first + second == StageCounts(9, 3, {"near": 3, "exact": 1}, {"unexpected": 1, "too_large": 1})
