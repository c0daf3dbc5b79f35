"""Draw calibration curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from pipeline_research.training.measures import Scored, bins

__all__ = ["draw_calibration"]


def draw_calibration(path: Path, groups: Mapping[str, Sequence[Scored]]) -> None:
    """Draw confidence against the share of right answers, a curve per group; the suffix of `path` sets the format."""
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.add_subplot(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="dashed", label="perfect calibration")
    for name, answers in groups.items():
        found = bins(answers)
        axes.plot([item.mean for item in found], [item.right for item in found], marker="o", label=name)
    axes.legend()
    figure.savefig(path)
