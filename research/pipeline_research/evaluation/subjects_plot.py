"""Draw how often the subjects that are served are right, by their confidence."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

from pipeline_research.evaluation.subjects_answers import Answered
from pipeline_research.evaluation.subjects_tables import FORM_NAMES, Answers
from pipeline_research.training.measures import Scored, bins
from pipeline_research.training.subject_cases import FORMS

__all__ = ["draw_reliability"]

_FEWEST: Final = 8  # points of fewer subjects are left out: chance would draw them


def draw_reliability(path: Path, readers: Answers) -> None:
    """Draw a panel per reader, and in it a curve per form of the article; the suffix of `path` sets the format.

    A subject is right here only if it is one of the codes that the reader of the text gave.
    """
    mpl.rcParams["svg.hashsalt"] = "subjects"  # the same figures give the same file
    figure = Figure(figsize=(4 * len(readers), 4), layout="constrained")
    panels = figure.subplots(1, len(readers), squeeze=False, sharey=True)[0]
    for axes, (name, answers) in zip(panels, readers.items(), strict=True):
        axes.set(title=name, xlabel="confidence", xlim=(0, 1), ylim=(0, 1))
        axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="dashed", label="perfect calibration")
        for form in FORMS:
            found = [item for item in bins(_served(answers, form)) if item.count >= _FEWEST]
            axes.plot([item.mean for item in found], [item.right for item in found], marker="o", label=FORM_NAMES[form])
    panels[0].set_ylabel("share right")
    panels[0].legend(fontsize="small")
    metadata = {"Date": None} if path.suffix == ".svg" else None
    figure.savefig(path, metadata=metadata)


def _served(answers: Sequence[Answered], form: str) -> list[Scored]:
    return [
        Scored(answer.case.codes, subject.code.removeprefix("medtop:"), subject.confidence)
        for answer in answers
        if answer.case.form == form
        for subject in answer.result.subjects
        if subject.parent is None
    ]
