"""The settings of subjects."""

from typing import Self

from pydantic import Field, model_validator

from pipeline.domain.subject import ReaderChoice
from pipeline.settings.groups import Group

__all__ = ["SubjectSettings"]


class SubjectSettings(Group):
    """Subjects of articles: who reads them, and what is served."""

    reader: ReaderChoice = Field(
        default="cascade",
        description="`encoder` reads sentences, `fast` reads words at a small part of the cost, `cascade` asks the "
        "encoder where the fast one is unsure. The same for all workers; all but `fast` need `news-pipeline-models`.",
    )
    floor: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Least confidence of a subject; the measured one when unset. The same for all workers.",
    )
    reliable: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Least confidence of a reliable subject; `ce_subjects` has only these. When unset the measured one,"
        " from which 19 of 20 are right. The same for all workers.",
    )
    threads: int = Field(default=1, ge=1, le=64, description="Threads in which the encoder computes.")
    vector: bool = Field(
        default=False,
        description="Whether events have the vector of their text, 512 characters. Then the encoder reads every "
        "article, also in a cascade. The same for all workers.",
    )

    @model_validator(mode="after")
    def _bars_are_ordered(self) -> Self:
        if self.floor is not None and self.reliable is not None and self.floor > self.reliable:
            raise ValueError("floor must not exceed reliable")
        return self

    @model_validator(mode="after")
    def _vectors_need_the_encoder(self) -> Self:
        if self.vector and self.reader == "fast":
            raise ValueError("vector requires the reader `encoder` or `cascade`")
        return self
