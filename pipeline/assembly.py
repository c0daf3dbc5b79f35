"""Construct stages, chains and the fold from their classes, models and versions."""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pipeline import __version__
from pipeline.dedup.fold import FOLD_VERSION, Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.dedup.signature.signing import SIGNATURE_VERSION
from pipeline.domain.article import Versions
from pipeline.domain.extraction import Extraction
from pipeline.domain.signature import Activate
from pipeline.domain.stage import STAGES, StageName
from pipeline.errors import ConfigError
from pipeline.models.language import LanguageModel
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.classifier import SubjectClassifier
from pipeline.models.subjects.fast import FastReader
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.reading import Reader
from pipeline.models.subjects.taxonomy import TAXONOMY_VERSION
from pipeline.settings import DedupSettings, SubjectSettings
from pipeline.stages.chain import Chain
from pipeline.stages.classify import ClassifyStage
from pipeline.stages.dedupe import DedupeStage
from pipeline.stages.detect_language import DetectLanguageStage
from pipeline.stages.ingest import IngestParams, IngestStage
from pipeline.stages.protocol import JudgingStage, Stage
from pipeline.stages.publish import PublishStage
from pipeline.text.drafting import Drafting
from pipeline.text.learned_boilerplate import LearnedBoilerplate
from pipeline.text.page.article_scorer import ArticleScorer

if TYPE_CHECKING:
    from pipeline.models.subjects.encoder import EncoderReader

__all__ = ["AnyStage", "build_chain", "build_fold", "build_stages", "installed_versions", "newest_version", "versions"]

AnyStage = Stage[Any, Any] | JudgingStage

# The models are large and read-only, so each is loaded once in a process.
_language_model = functools.cache(LanguageModel.load)
_fast_reader = functools.cache(FastReader.load)
_calibration = functools.cache(Calibration.load)


def versions(subjects: SubjectSettings | None = None) -> Versions:
    """Return the versions of this release and its models, also in a service that runs only some of the stages.

    Args:
        subjects: Who reads subjects and what is served, which are a part of their version.

    Raises:
        ConfigError: The encoder is wanted and not installed.
    """
    return Versions(
        pipeline=__version__,
        language=_language_model().version,
        subjects=_subjects_version(subjects or SubjectSettings()),
        taxonomy=TAXONOMY_VERSION,
        article_scorer=ArticleScorer.shipped().version,
    )


def installed_versions() -> dict[str, str]:
    """Return what is installed, by name: models, the calibration of subjects, and the taxonomy."""
    try:
        encoder = _encoder().shipped_version()
    except ConfigError:
        encoder = "not installed"
    return {
        "language": _language_model().version,
        "subjects-fast": FastReader.shipped_version(),
        "subjects-encoder": encoder,
        "subjects-calibration": _calibration().version,
        "taxonomy": TAXONOMY_VERSION,
        "article-scorer": ArticleScorer.shipped().version,
    }


@functools.cache
def _subjects_version(settings: SubjectSettings) -> str:
    """Return what decides on subjects, joined by `+`: the reader, the weights, the calibration, and what was set."""
    parts: list[str] = [settings.reader]
    if settings.reader != "encoder":
        parts.append(FastReader.shipped_version())
    if settings.reader != "fast":
        parts.append(_encoder().shipped_version())
    parts.append(_calibration().version)
    for name, value in (("floor", settings.floor), ("reliable", settings.reliable)):
        if value is not None:
            parts.append(f"{name}={value}")
    if settings.vector:
        parts.append("vector")
    return "+".join(parts)


@functools.cache
def _subject_classifier(settings: SubjectSettings) -> SubjectClassifier:
    return SubjectClassifier(
        calibration=_calibration(),
        params=SubjectParams(
            reader=settings.reader, vectors=settings.vector, floor=settings.floor, reliable=settings.reliable
        ),
        fast=None if settings.reader == "encoder" else _fast_reader(),
        encoder=None if settings.reader == "fast" else _encoder_reader(settings.threads),
    )


@functools.cache
def _encoder_reader(threads: int) -> Reader:
    return _encoder().load(threads=threads)


def _encoder() -> "type[EncoderReader]":
    """Import the encoder only where it is used, as ONNX Runtime takes memory and time."""
    from pipeline.models.subjects.encoder import EncoderReader  # noqa: PLC0415

    return EncoderReader


def build_stages(
    names: Sequence[StageName],
    *,
    lane: str = "",
    extraction: Extraction = "auto",
    boilerplate: LearnedBoilerplate | None = None,
    subjects: SubjectSettings | None = None,
    dedup: DedupSettings | None = None,
    contained: Drafting | None = None,
) -> list[AnyStage]:
    """Build stages by name.

    Args:
        names: The stages.
        lane: The topic prefix of a backfill.
        extraction: Of `ingest`.
        boilerplate: Of `ingest`.
        subjects: Of `classify`, and a part of the versions in events; the defaults of the settings when None.
        dedup: What withdrawals are bound to in `ingest`, and what becomes of copies in `dedupe` and `publish`; the
            defaults of the settings when None.
        contained: Of `ingest`: drafts costly articles where that can be ended.

    Raises:
        ConfigError: A name is no stage of the chain, or the encoder of subjects is not installed.
    """
    subjects = subjects or SubjectSettings()
    dedup = dedup or DedupSettings()
    params = IngestParams(extraction=extraction, binds_principals=dedup.bind_principals)
    builders: dict[StageName, Callable[[], AnyStage]] = {
        "ingest": lambda: _ingest_stage(
            params,
            lane=lane,
            boilerplate=boilerplate,
            contained=contained,
        ),
        "dedupe": lambda: DedupeStage(versions(subjects), enrich_copies=dedup.enrich_copies),
        "detect-language": lambda: DetectLanguageStage(_language_model()),
        "classify": lambda: ClassifyStage(_subject_classifier(subjects)),
        "publish": lambda: PublishStage(versions(subjects), lane, published=dedup.published, validate=True),
    }
    unknown = [name for name in names if name not in builders]
    if unknown:
        raise ConfigError(f"unknown stage: {', '.join(unknown)}; the stages are {', '.join(STAGES)}")
    return [builders[name]() for name in names]


def _ingest_stage(
    params: IngestParams, *, lane: str, boilerplate: LearnedBoilerplate | None, contained: Drafting | None
) -> IngestStage:
    ArticleScorer.shipped()  # Read now, not while the first page waits.
    return IngestStage(params, lane=lane, boilerplate=boilerplate, contained=contained)


def build_chain(
    names: Sequence[StageName],
    *,
    lane: str = "",
    extraction: Extraction = "auto",
    boilerplate: LearnedBoilerplate | None = None,
    subjects: SubjectSettings | None = None,
    dedup: DedupSettings | None = None,
    contained: Drafting | None = None,
) -> Chain:
    """Build the chain of a service from the stages that `build_stages` returns.

    Raises:
        ConfigError: A name is no stage, the stages are not consecutive, or the encoder of subjects is not installed.
    """
    stages = build_stages(
        names,
        lane=lane,
        extraction=extraction,
        boilerplate=boilerplate,
        subjects=subjects,
        dedup=dedup,
        contained=contained,
    )
    try:
        return Chain(stages)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def newest_version() -> Activate:
    """Return the control record that puts the newest version of the fold in force."""
    return Activate(fold_version=max(FOLD_VERSIONS), signature_version=SIGNATURE_VERSION)


def build_fold(*, near_window_secs: int, exact_window_secs: int) -> Fold:
    """Build an empty fold of the dedup log, with all versions in FOLD_VERSIONS, each with these windows."""
    known = {
        version: replace(params, near_window_secs=near_window_secs, exact_window_secs=exact_window_secs)
        for version, params in FOLD_VERSIONS.items()
    }
    return Fold(known.pop(FOLD_VERSION), known)
