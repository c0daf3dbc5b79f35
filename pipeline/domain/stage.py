"""The names of the stages, and their order."""

from typing import Literal

__all__ = ["STAGES", "StageName"]

StageName = Literal["ingest", "dedupe", "detect-language", "classify", "publish", "cluster"]
STAGES: tuple[StageName, ...] = ("ingest", "dedupe", "detect-language", "classify", "publish")
"""The stages of the chain, in order. A service runs consecutive ones, or `cluster`, which reads verdicts."""
