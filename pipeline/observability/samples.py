"""Metrics as numbers: the values of a registry or of an exposition text, and what they grew by between two readings."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from pipeline.observability.metric import PREFIX

__all__ = ["Samples", "grown", "of_registry", "of_text", "quantile", "summed"]

Series = tuple[str, frozenset[tuple[str, str]]]
_ADDING = ("_total", "_bucket", "_sum", "_count")
"""Suffixes of series that only grow while a process lives."""


class Samples(Struct, frozen=True):
    """Values by series, which is a name with its labels."""

    values: Mapping[Series, float]

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's series with these labels; zero without any."""
        return sum(value for _, value in self._matching(name, labels))

    def maximum(self, name: str, **labels: str) -> float | None:
        """Return the largest value of a metric's series with these labels; None without any."""
        return max((value for _, value in self._matching(name, labels)), default=None)

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Return the sums of a metric by the values of one label."""
        sums: dict[str, float] = {}
        for found, value in self._matching(name, labels):
            if label in found:
                sums[found[label]] = sums.get(found[label], 0.0) + value
        return sums

    def rows(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and the value of each series of a metric."""
        return list(self._matching(name, {}))

    def of_process(self, name: str) -> float:
        """Return a value that the Prometheus client measures of every process; zero where the system has none."""
        return sum(value for (found, _), value in self.values.items() if found == f"process_{name}")

    def _matching(self, name: str, labels: Mapping[str, str]) -> Iterable[tuple[dict[str, str], float]]:
        wanted = frozenset(labels.items())
        for (found, having), value in self.values.items():
            if found == PREFIX + name and wanted <= having:
                yield dict(having), value


def of_registry(registry: Collector) -> Samples:
    """Return the present values of a registry."""
    return _of_families(registry.collect())


def of_text(text: str) -> Samples:
    """Return the values of an exposition in Prometheus' text format.

    Raises:
        ValueError: The text is none.
    """
    return _of_families(text_string_to_metric_families(text))


def _of_families(families: Iterable[Any]) -> Samples:
    return Samples(
        {
            (sample.name, frozenset(sample.labels.items())): float(sample.value)
            for family in families
            for sample in family.samples
        }
    )


def grown(now: Samples, before: Samples | None) -> Samples:
    """Return by how much the counters and histograms have grown since an earlier reading, or since the start.

    A counter that is smaller than before is one of a new process, and has grown by its whole value.
    """
    earlier: Mapping[Series, float] = before.values if before is not None else {}
    growth: dict[Series, float] = {}
    for series, value in now.values.items():
        if series[0].endswith(_ADDING):
            was = earlier.get(series, 0.0)
            growth[series] = value - was if value >= was else value
    return Samples(growth)


def summed(parts: Iterable[Samples]) -> Samples:
    """Return the sums of several readings, series by series."""
    sums: dict[Series, float] = {}
    for part in parts:
        for series, value in part.values.items():
            sums[series] = sums.get(series, 0.0) + value
    return Samples(sums)


def quantile(share: float, growth: Samples, name: str, **labels: str) -> float | None:
    """Return a quantile of a histogram, as Prometheus' `histogram_quantile` estimates it.

    Args:
        share: Which quantile, from 0 to 1.
        growth: What the buckets have grown by.
        name: The histogram, without prefix and suffix.
        labels: Labels of the series.

    Returns:
        The quantile; the largest finite bound if it lies beyond that; None if nothing was observed.
    """
    counts = growth.by(f"{name}_bucket", "le", **labels)
    bounds = sorted((float(bound), count) for bound, count in counts.items())
    rank = share * bounds[-1][1] if bounds else 0.0
    if not bounds or bounds[-1][1] <= 0:
        return None
    lower, below = 0.0, 0.0
    for bound, count in bounds:
        if count >= rank and count > below:
            return lower if bound == float("inf") else lower + (bound - lower) * (rank - below) / (count - below)
        lower, below = bound, count
    return lower
