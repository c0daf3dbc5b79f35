"""The interface of a stage.

A stage is pure and works on batches: it returns one outcome per input, in order. Only `dedupe` works in two steps:
`sign`, and `judge` once the log has given verdicts.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from pipeline.domain.article import Article
from pipeline.domain.outcome import Outcome
from pipeline.domain.signature import Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict

__all__ = ["JudgingStage", "Stage"]

In_contra = TypeVar("In_contra", contravariant=True)
Out = TypeVar("Out")


class Stage(Protocol[In_contra, Out]):
    """One processing step."""

    @property
    def name(self) -> StageName:
        """The stage's name on topics, metrics and the command line."""
        ...

    def process(self, batch: Sequence[In_contra]) -> list[Outcome[Out]]:
        """Return one outcome per input, in order. Must not raise for bad input; may raise for a bug."""
        ...


class JudgingStage(Protocol):
    """The interface of `dedupe`, which waits for verdicts between its two steps."""

    @property
    def name(self) -> StageName:
        """Always "dedupe"."""
        ...

    def sign(self, batch: Sequence[Article]) -> list[Signature]:
        """Return the signatures to append to the log, in order."""
        ...

    def judge(self, batch: Sequence[Article], verdicts: Sequence[Verdict]) -> list[Outcome[Article]]:
        """Return one outcome per article and verdict, in order; emitted articles carry their verdict."""
        ...
