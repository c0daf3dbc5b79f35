"""The reader of subjects in tests that are about something else."""

from typing import Final

from pipeline.settings import SubjectSettings

__all__ = ["FAST_READER", "FAST_SUBJECTS"]

FAST_READER: Final = {"NEWS_SUBJECTS__READER": "fast"}
"""For the environment of commands and workers: the encoder takes a hundred times as long per article."""

FAST_SUBJECTS: Final = SubjectSettings(reader="fast")
"""The same for stages that a test builds itself."""
