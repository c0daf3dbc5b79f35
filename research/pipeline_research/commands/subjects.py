"""`news-pipeline eval subjects` and `news-pipeline train subjects-calibration`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from pipeline.cli.arguments import UsageError
from pipeline.domain.subject import ReaderName
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.reading import Reader
from pipeline.sources.errors import InputError
from pipeline_research.evaluation.subjects import READERS, measure_subjects
from pipeline_research.evaluation.subjects_plot import draw_reliability
from pipeline_research.training.cards import put_tables
from pipeline_research.training.subject_calibration import calibrate
from pipeline_research.training.subject_readers import load_encoder, load_fast

__all__ = ["calibration", "subjects"]

_Name = TypeVar("_Name", bound=str)

_PICTURE: Final = "../assets/subjects-calibration.svg"


def calibration(
    *,
    data: Path,
    output: Path,
    readers: str = "fast,encoder",
    fast: Path | None = None,
    encoder: Path | None = None,
    write: Path | None = None,
) -> int:
    """Calibrate the subject readers, and choose the floors, the bars for `reliable` and when the cascade asks.

    Held-out texts with labels by reading are read, whole and truncated; `eval/gold_dev.jsonl.gz` is not. This takes ten
    minutes on one core.

    Parameters
    ----------
    data:
        A directory with `topic/*.jsonl.gz` and `sib200_iptc.tsv`.
    output:
        File for the calibration, json; the shipped one is `pipeline/models/data/subject_calibration.json`.
    readers:
        Which readers, separated by commas.
    fast:
        Weights of the fast reader, npz; the shipped ones by default.
    encoder:
        Directory with the files of the encoder; the shipped ones by default.
    write:
        A model card to insert the tables of cross-validation into.
    """
    if output.suffix != ".json" or not output.parent.is_dir():
        raise UsageError(f"{output}: give a file that ends in .json, in a directory that exists")
    known: tuple[ReaderName, ...] = ("fast", "encoder")
    names = _names(readers, known)
    found = calibrate(data, [_reader(name, fast, encoder) for name in names], _log_line)
    output.write_bytes(found.json)
    print("\n".join(found.lines))
    if write is not None:
        put_tables(write, found.lines, "calibration")
    return 0


def subjects(
    *,
    data: Path,
    readers: str = "fast,encoder,cascade",
    calibration: Path | None = None,
    fast: Path | None = None,
    encoder: Path | None = None,
    quick: bool = False,
    json: Path | None = None,
    write: Path | None = None,
) -> int:
    """Measure the subjects on what users have: whole articles, headlines, many languages, and what is served.

    Texts are those that no training used: `eval/gold_dev.jsonl.gz`, and held-out texts with labels by reading.

    Parameters
    ----------
    data:
        A directory with `eval/gold_dev.jsonl.gz`, `topic/*.jsonl.gz` and `sib200_iptc.tsv`.
    readers:
        `fast`, `encoder` and `cascade`, or some of them, separated by commas.
    calibration:
        The calibration; the shipped one by default.
    fast:
        Weights of the fast reader, npz; the shipped ones by default.
    encoder:
        Directory with the files of the encoder; the shipped ones by default.
    quick:
        Leave out articles per CPU-second, and whether the encoder's vectors find translations.
    json:
        File for the figures, to compare runs.
    write:
        A model card to insert the tables into; `../assets/subjects-calibration.svg` beside it is drawn too.
    """
    names = _names(readers, READERS)
    wanted = {part for name in names for part in (("fast", "encoder") if name == "cascade" else (name,))}
    report = measure_subjects(
        data,
        names,
        _calibration(calibration),
        _log_line,
        fast=load_fast(fast) if "fast" in wanted else None,
        encoder=load_encoder(encoder) if "encoder" in wanted else None,
        quick=quick,
    )
    print("\n".join(report.lines))
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(report.figures), indent=1) + b"\n")
    if write is not None:
        put_tables(write, report.lines)
        picture = write.parent / _PICTURE
        picture.parent.mkdir(exist_ok=True)
        draw_reliability(picture, report.answers)
    return 0


def _names(given: str, known: Sequence[_Name]) -> list[_Name]:
    asked = given.split(",")
    if unknown := [name for name in asked if name not in known]:
        raise UsageError(f"--readers: {', '.join(unknown)} is none of {', '.join(known)}")
    return [name for name in known if name in asked]


def _reader(name: ReaderName, fast: Path | None, encoder: Path | None) -> Reader:
    return load_fast(fast) if name == "fast" else load_encoder(encoder)


def _calibration(path: Path | None) -> Calibration:
    if path is None:
        return Calibration.load()
    try:
        return Calibration.decode(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}") from error


def _log_line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
