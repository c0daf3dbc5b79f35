"""The names of the stages, and their order."""

from typing import Literal

__all__ = ["STAGES", "StageName"]

StageName = Literal["ingest", "dedupe", "detect-language", "classify", "publish", "cluster"]
STAGES: tuple[StageName, ...] = ("ingest", "dedupe", "detect-language", "classify", "publish")
"""In the order of the chain; a service is a run of consecutive ones, or `cluster`, which reads no articles."""
