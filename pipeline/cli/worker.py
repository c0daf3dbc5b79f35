"""`news-pipeline worker`."""

from typing import Annotated

from cyclopts import Parameter

from pipeline.cli.arguments import UsageError
from pipeline.domain.stage import SINGLE, StageName
from pipeline.runtime.worker import run_worker
from pipeline.settings import load_settings
from pipeline.stages.chain import consecutive

__all__ = ["worker"]


def worker(*stages: StageName, start_from: Annotated[str | None, Parameter(name="--from")] = None) -> int:
    """Run a service on Kafka until SIGTERM or Ctrl-C: one or several consecutive stages, or one that runs alone.

    All other settings are NEWS_* environment variables; see `news-pipeline config show`. The name of the consumer group
    contains the first stage; several workers with the same stages are one group and share the work.

    Parameters
    ----------
    stages:
        Consecutive stages, in order: `ingest dedupe detect-language classify publish`, or a part of that. Or `cluster`
        alone, which reads verdicts instead of articles, or `story`, which reads what `sketch` writes: of both one
        worker is active, further ones are on standby. `sketch` alone reads events.
    start_from:
        Where a consumer group without committed offsets begins: `earliest`, `latest`, or a time such as
        2026-11-23T12:00:00Z. Required only when the source topic has already lost its oldest records.
    """
    alone = [stage for stage in stages if stage in SINGLE]
    if alone and len(stages) > 1:
        raise UsageError(f"{alone[0]} must run alone: it does not read what the other stages write")
    try:
        names = stages if alone else consecutive(stages)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return run_worker(load_settings(), names, start_from)
