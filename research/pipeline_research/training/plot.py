"""Draw how far confidence can be believed."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline_research.training.measures import Scored, bins
from pipeline_research.training.needs import needed

__all__ = ["draw_calibration"]


def draw_calibration(path: Path, groups: Mapping[str, Sequence[Scored]]) -> None:
    """Write a picture of confidence against the share right; the file's ending says its format.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    needed("matplotlib")
    figure: Any = importlib.import_module("matplotlib.figure").Figure(figsize=(6, 5), layout="constrained")
    axes = figure.add_subplot(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="dashed", label="as it should be")
    for name, answers in groups.items():
        found = bins(answers)
        axes.plot([item.mean for item in found], [item.right for item in found], marker="o", label=name)
    axes.legend()
    figure.savefig(path)
