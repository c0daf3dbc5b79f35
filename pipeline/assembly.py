"""Construct stages, chains and the fold from their classes, models and versions."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from pipeline import __version__
from pipeline.dedup.fold import FOLD_VERSION, Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.article import Versions
from pipeline.domain.extraction import Extraction
from pipeline.domain.stage import STAGES, StageName
from pipeline.errors import ConfigError
from pipeline.models.language import LanguageModel
from pipeline.models.subjects import SubjectModel
from pipeline.stages.chain import Chain
from pipeline.stages.classify import ClassifyStage
from pipeline.stages.dedupe import DedupeStage
from pipeline.stages.detect_language import DetectLanguageStage
from pipeline.stages.ingest import IngestParams, IngestStage
from pipeline.stages.protocol import JudgingStage, Stage
from pipeline.stages.publish import PublishStage
from pipeline.text.learned_boilerplate import LearnedBoilerplate

__all__ = ["build_chain", "build_fold", "build_stages", "versions"]

AnyStage = Stage[Any, Any] | JudgingStage

# The models are large and read-only, so each is loaded once in a process.
_language_model = functools.cache(LanguageModel.load)
_subject_model = functools.cache(SubjectModel.load)


def versions() -> Versions:
    """Return the versions of this release and its models, also in a service that runs only some of the stages."""
    subjects = _subject_model()
    return Versions(
        pipeline=__version__,
        language=_language_model().version,
        subjects=subjects.version,
        taxonomy=subjects.taxonomy_version,
    )


def build_stages(
    names: Sequence[StageName],
    *,
    lane: str = "",
    extraction: Extraction = "auto",
    boilerplate: LearnedBoilerplate | None = None,
) -> list[AnyStage]:
    """Build stages by name; `extraction` and `boilerplate` are parameters of `ingest`.

    Raises:
        ConfigError: A name is no stage of the chain.
    """
    builders: dict[StageName, Callable[[], AnyStage]] = {
        "ingest": lambda: IngestStage(IngestParams(extraction=extraction), lane=lane, boilerplate=boilerplate),
        "dedupe": lambda: DedupeStage(versions()),
        "detect-language": lambda: DetectLanguageStage(_language_model()),
        "classify": lambda: ClassifyStage(_subject_model()),
        "publish": lambda: PublishStage(versions(), lane, validate=True),
    }
    unknown = [name for name in names if name not in builders]
    if unknown:
        raise ConfigError(f"unknown stage: {', '.join(unknown)}; the stages are {', '.join(STAGES)}")
    return [builders[name]() for name in names]


def build_chain(
    names: Sequence[StageName],
    *,
    lane: str = "",
    extraction: Extraction = "auto",
    boilerplate: LearnedBoilerplate | None = None,
) -> Chain:
    """Build the chain of a service from the stages that `build_stages` returns.

    Raises:
        ConfigError: A name is no stage, or the stages are not consecutive.
    """
    stages = build_stages(names, lane=lane, extraction=extraction, boilerplate=boilerplate)
    try:
        return Chain(stages)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def build_fold(*, near_window_secs: int, exact_window_secs: int) -> Fold:
    """Build an empty fold of the dedup log, with all versions in FOLD_VERSIONS, each with these windows."""
    known = {
        version: replace(params, near_window_secs=near_window_secs, exact_window_secs=exact_window_secs)
        for version, params in FOLD_VERSIONS.items()
    }
    return Fold(known.pop(FOLD_VERSION), known)
