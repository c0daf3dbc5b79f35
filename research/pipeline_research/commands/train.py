"""`news-pipeline train`."""

import importlib
import os
import sys
from pathlib import Path

from cyclopts import App

from pipeline.cli.arguments import UsageError
from pipeline.models.subjects.encoder import EncoderReader
from pipeline_research.training.article_listing import list_pages, write_listings
from pipeline_research.training.article_quality import QualityTraining
from pipeline_research.training.article_scorer import ScorerTraining
from pipeline_research.training.article_weights import train_article_scorer
from pipeline_research.training.block_labels import check_labels, write_labels
from pipeline_research.training.encoder_export import make_encoder, make_vocabulary
from pipeline_research.training.encoder_meaning import make_meaning
from pipeline_research.training.fast_training import FastTraining, train_fast
from pipeline_research.training.language import LanguageTraining, train_language
from pipeline_research.training.story_terms import StoryTermsTraining, train_story_terms

__all__ = ["app"]

app = App(name="train", help="Train the models from corpora, offline.", result_action="return_value")

# An import path as text, so that the other commands do not import its modules.
app.command("pipeline_research.commands.subjects:calibration", name="subjects-calibration")

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
def story_terms(*, data: Path, output: Path) -> int:
    """Count the common words that stories do not take for telling; this takes a minute on one core.

    Parameters
    ----------
    data:
        A directory with `topic/*.jsonl.gz` and `lid/lingua_testdata.jsonl.gz`; files that are absent are skipped.
    output:
        File for the frequencies, npz; the shipped ones are `pipeline/stories/data/common_terms.npz`.
    """
    texts = train_story_terms(data, _weights(output), StoryTermsTraining())
    _log_line(f"{sum(texts.values())} texts in {len(texts)} languages")
    return 0


@app.command
def subjects_encoder(
    *, data: Path, weights: Path, output: Path, version: str, start: Path | None = None, epochs: int | None = None
) -> int:
    """Train the encoder of subjects, and write it in the form that the pipeline reads.

    This takes an hour and a half on two cores, 4 GB of memory, and PyTorch (`uv sync --all-packages --group encoder`).
    A run that was interrupted goes on where its last state was written, every hundred steps.

    Parameters
    ----------
    data:
        A directory of corpora; those that are absent are skipped.
    weights:
        File for the weights as floats, npz.
    output:
        Directory for the files; the shipped ones are in `models/news_pipeline_models/subjects_encoder`.
    version:
        Of the weights; appears in events.
    start:
        Weights to begin with; without them, the untouched encoder.
    epochs:
        How often the labels are read; the default continues from the weights of a first training, four begin anew.
    """
    try:
        training = importlib.import_module("pipeline_research.training.encoder_training")
    except ModuleNotFoundError as error:
        raise UsageError("PyTorch is not installed: uv sync --all-packages --group encoder") from error
    settings = training.EncoderTraining() if epochs is None else training.EncoderTraining(epochs=epochs)
    training.train_encoder(data, _weights(weights), start, settings, _log_line)
    make_encoder(weights, output, version, _log_line)
    return 0


@app.command
def subjects_fast(*, data: Path, output: Path, vectors: Path | None = None, cache: Path = _CACHE) -> int:
    """Train the fast reader of subjects: distil the installed encoder.

    This takes ten minutes on two cores when the encoder's answers are known, and ten more to ask it; to learn the
    static vectors anew, half an hour more. A run that was interrupted finds answers and vectors in the cache.

    Parameters
    ----------
    data:
        A directory of corpora; those that are absent are skipped.
    output:
        File for the weights, npz; the shipped ones are `pipeline/models/data/subjects.npz`.
    vectors:
        Weights whose static vectors are kept; without them, they are learned anew.
    cache:
        Directory for the encoder's answers and the teacher's vectors.
    """
    encoder = EncoderReader.load(threads=os.cpu_count() or 1)
    train_fast(
        data, _weights(output), encoder, cache=cache, vectors=vectors, training=FastTraining(), log_line=_log_line
    )
    return 0


@app.command
def subjects_encoder_vocabulary(*, data: Path, output: Path) -> int:
    """Choose the pieces of words that the encoder of subjects keeps; this takes some minutes.

    Parameters
    ----------
    data:
        A directory with `topic/sib200.jsonl.gz`, `topic/ntrex_news.jsonl.gz`, `topic/read_*.jsonl.gz` and
        `lid/lingua_testdata.jsonl.gz`.
    output:
        File, npy; the one in use is `research/pipeline_research/training/data/encoder_pieces.npy`.
    """
    make_vocabulary(data, output, _log_line)
    return 0


@app.command
def subjects_encoder_export(*, weights: Path, output: Path, version: str) -> int:
    """Write a trained encoder of subjects in the form that the pipeline reads.

    Parameters
    ----------
    weights:
        The trained weights, npz.
    output:
        Directory for the files; the shipped ones are in `models/news_pipeline_models/subjects_encoder`.
    version:
        Of the weights; appears in events.
    """
    make_encoder(weights, output, version, _log_line)
    return 0


@app.command
def subjects_encoder_meaning(*, data: Path, encoder: Path, version: str) -> int:
    """Learn the encoder's vector of meaning from translated sentences, and write it into the encoder's files.

    This takes ten minutes on one core. Answers about subjects stay as they are.

    Parameters
    ----------
    data:
        A directory with `topic/sib200.jsonl.gz`.
    encoder:
        Directory of the encoder's files, as `subjects-encoder-export` writes them.
    version:
        Of the weights; appears in events, and vectors of two versions are never compared.
    """
    make_meaning(data, encoder, version, _log_line)
    return 0


@app.command
def article_listings(*, data: Path, output: Path) -> int:
    """List the segments of pages, to label by reading which of them belong to the article.

    The conventions are in `research/pipeline_research/training/data/block_labels/README.md`.

    Parameters
    ----------
    data:
        File of JSON lines, .jsonl, .jsonl.gz or .jsonl.zst, each with `html`, and `id`, `file` or `url` as name.
    output:
        Directory for a text and a file of keys for each page; `index.tsv` in it is completed.
    """
    written, left_out = write_listings(list_pages(data), output)
    _log_line(f"{written} pages listed, {left_out} left out as too long or empty")
    return 0


@app.command
def article_labels(*, listings: Path, output: Path, answers: list[Path]) -> int:
    """Check the labels that readers wrote for listed pages, and store them without any text.

    Parameters
    ----------
    listings:
        The directory that `article-listings` wrote.
    output:
        Directory for a file of each source, `research/pipeline_research/training/data/block_labels` for those in use.
    answers:
        Files of answers; of two answers for a page the later counts.
    """
    labels, problems = check_labels(answers, listings)
    for problem in problems:
        _log_line(problem)
    for source, of_source in labels.items():
        write_labels(of_source, output / f"{source}.tsv")
        _log_line(f"{source}: {len(of_source)} pages")
    return int(bool(problems))


@app.command
def article_scorer(*, data: Path, output: Path, version: str) -> int:
    """Train the scorer that judges which segments of a page are its article; this takes two minutes on one core.

    Parameters
    ----------
    data:
        A directory with `fundus_pages.jsonl.gz`, `article_extraction_benchmark.jsonl.gz`, `trafilatura_eval.jsonl.gz`
        and `pages.jsonl.gz`; those that are absent are skipped.
    output:
        File for the weights, npz; the shipped ones are `pipeline/text/data/article_scorer.npz`.
    version:
        Of the weights; appears in events.
    """
    train_article_scorer(data, _weights(output), version, ScorerTraining(), QualityTraining(), _log_line)
    return 0


def _weights(output: Path) -> Path:
    if output.suffix != ".npz" or not output.parent.is_dir():
        raise UsageError(f"{output}: give a file that ends in .npz, in a directory that exists")
    return output


def _log_line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
