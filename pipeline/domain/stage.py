"""The names of the stages, and their order."""

from typing import Literal

__all__ = ["SINGLE", "STAGES", "StageName"]

StageName = Literal["ingest", "dedupe", "detect-language", "classify", "publish", "cluster", "sketch", "story"]
STAGES: tuple[StageName, ...] = ("ingest", "dedupe", "detect-language", "classify", "publish")
"""The stages of the chain, in order. A service runs consecutive ones, or one of SINGLE."""
SINGLE: tuple[StageName, ...] = ("cluster", "sketch", "story")
"""The stages that are services of their own: `cluster` reads verdicts, `sketch` events, `story` the sketches."""
