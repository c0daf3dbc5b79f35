"""`news-pipeline worker`."""

from typing import Annotated

from cyclopts import Parameter

from pipeline.cli.arguments import UsageError
from pipeline.domain.stage import StageName
from pipeline.runtime.worker import run_worker
from pipeline.settings import load_settings
from pipeline.stages.chain import consecutive

__all__ = ["worker"]


def worker(*stages: StageName, start_from: Annotated[str | None, Parameter(name="--from")] = None) -> int:
    """Run a service on Kafka until SIGTERM or Ctrl-C: one or several consecutive stages, or `cluster`.

    All other settings are NEWS_* environment variables; see `news-pipeline config show`. The name of the consumer group
    contains the first stage; several workers with the same stages are one group and share the work.

    Parameters
    ----------
    stages:
        Consecutive stages, in order: `ingest dedupe detect-language classify publish`, or a part of that. Or `cluster`
        alone, which reads verdicts instead of articles: one worker is active, further ones are on standby.
    start_from:
        Where a consumer group without committed offsets begins: `earliest`, `latest`, or a time such as
        2026-11-23T12:00:00Z. Required only when the source topic has already lost its oldest records.
    """
    if "cluster" in stages and len(stages) > 1:
        raise UsageError("cluster must run alone: it reads verdicts instead of articles")
    try:
        names = stages if stages == ("cluster",) else consecutive(stages)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return run_worker(load_settings(), names, start_from)
