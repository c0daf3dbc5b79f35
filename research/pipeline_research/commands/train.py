"""`news-pipeline train`."""

import sys
from pathlib import Path

from cyclopts import App

from pipeline.cli.arguments import UsageError
from pipeline_research.training.language import LanguageTraining, train_language
from pipeline_research.training.subjects import ALL_DATA, SubjectTraining, train_subjects, validate_subjects

__all__ = ["app"]

app = App(name="train", help="Train the models from corpora, offline.", result_action="return_value")

_CACHE = Path(".cache/training")


@app.command
def language(*, data: Path, output: Path) -> int:
    """Train the n-gram model of language identification; this takes five minutes on one core.

    Parameters
    ----------
    data:
        A directory with `topic/sib200.jsonl.gz` and `lid/lingua_testdata.jsonl.gz`.
    output:
        File for the weights, npz; the shipped ones are `pipeline/models/data/language.npz`.
    """
    train_language(data, _weights(output), LanguageTraining(), _log_line)
    return 0


@app.command
def subjects(*, data: Path, output: Path, all_data: bool = False, cache: Path = _CACHE) -> int:
    """Train the subject model, and determine the languages that it can serve.

    This takes 15 minutes on one core, and 15 more when the teacher reads the texts for the first time.

    Parameters
    ----------
    data:
        A directory with `label_map.json`, `topic/*.jsonl.gz`, `lid/lingua_testdata.jsonl.gz` and
        `raw/jawikinews.jsonl.gz`.
    output:
        File for the weights, npz; the shipped ones are `pipeline/models/data/subjects.npz`.
    all_data:
        Train also on the sets whose licence does not allow the weights to be shipped.
    cache:
        Directory for the teacher's vectors.
    """
    train_subjects(data, _weights(output), cache, ALL_DATA if all_data else SubjectTraining(), _log_line)
    return 0


@app.command
def validation(*, data: Path, weights: Path, output: Path) -> int:
    """Calibrate a trained subject model again, and determine the languages that it can serve; this takes minutes.

    Use it when there are more texts to measure with than when the model was trained.

    Parameters
    ----------
    data:
        A directory with `label_map.json` and `topic/*.jsonl.gz`.
    weights:
        The trained model, npz.
    output:
        File for the model with the new calibration, npz.
    """
    validate_subjects(data, weights, _weights(output), _log_line)
    return 0


def _weights(output: Path) -> Path:
    if output.suffix != ".npz" or not output.parent.is_dir():
        raise UsageError(f"{output}: give a file that ends in .npz, in a directory that exists")
    return output


def _log_line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
