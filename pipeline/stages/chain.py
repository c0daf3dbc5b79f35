"""Runs of consecutive stages: articles pass from stage to stage as values, and each leaves with exactly one result.

When a stage raises, its batch is bisected until the article that causes the exception is alone. That article is
rejected, the others continue.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit, Outcome, Reject
from pipeline.domain.stage import STAGES, StageName
from pipeline.domain.verdict import Verdict
from pipeline.errors import FatalError, TransientError
from pipeline.stages.counts import Result, StageCounts, count_stages
from pipeline.stages.protocol import JudgingStage, Stage

__all__ = ["NO_RECORDS_FAULT", "Chain", "ChainParams", "Segment", "consecutive", "unexpected"]

T = TypeVar("T")

NO_RECORDS_FAULT = (TransientError, FatalError, MemoryError)
"""Exceptions that no article causes: the unit of work fails, and no dead letter is made."""


class ChainParams(Struct, frozen=True):
    """Bounds of the chain."""

    max_detail_chars: int = 200
    """A dead letter's detail is a header that people read; class, stage and place fit easily."""


DEFAULTS = ChainParams()

_BARE_PACKAGES = frozenset({"builtins", "pipeline"})


class Segment:
    """Stages that run one after the other without waiting in between."""

    def __init__(self, stages: Sequence[Stage[Any, Any]]) -> None:
        if not stages:
            raise ValueError("a segment has at least one stage")
        self._stages = tuple(stages)

    @property
    def names(self) -> tuple[StageName, ...]:
        """The names of its stages, in order."""
        return tuple(stage.name for stage in self._stages)

    def process(self, batch: Sequence[Any]) -> list[Result]:
        """Return one result per input, in order; only what a stage emits reaches the next one."""
        results: list[Result | None] = [None] * len(batch)
        places = list(range(len(batch)))
        values = list(batch)
        for stage in self._stages:
            if not values:
                break
            outcomes = _outcomes(stage.name, stage.process, values)
            for place, outcome in zip(places, outcomes, strict=True):
                results[place] = Result(stage.name, outcome)
            going_on = [
                (place, outcome.value)
                for place, outcome in zip(places, outcomes, strict=True)
                if isinstance(outcome, Emit)
            ]
            places = [place for place, _ in going_on]
            values = [value for _, value in going_on]
        return [result for result in results if result is not None]


class Chain:
    """The stages of one service, split where `dedupe` waits for the log.

    Without `dedupe`, all stages are in `before`. With `dedupe`, `before` is None if the service starts with it, and
    `after` is None if the service ends with it.
    """

    def __init__(self, stages: Sequence[Stage[Any, Any] | JudgingStage]) -> None:
        self.names = consecutive([stage.name for stage in stages])
        pure: list[list[Stage[Any, Any]]] = [[], []]
        self.judging: JudgingStage | None = None
        for stage in stages:
            if stage.name == "dedupe":
                self.judging = stage  # type: ignore[assignment]  # `dedupe` has the other protocol
            else:
                pure[self.judging is not None].append(stage)  # type: ignore[arg-type]
        self.before = Segment(pure[0]) if pure[0] else None
        self.after = Segment(pure[1]) if pure[1] else None

    def judge(self, articles: Sequence[Article], verdicts: Sequence[Verdict]) -> list[Result]:
        """Take signed articles and their verdicts through `dedupe` and what follows; one result each, in order."""
        judging = self.judging
        if judging is None:
            raise ValueError("the chain has no dedupe stage")
        pairs = list(zip(articles, verdicts, strict=True))

        def judge_pairs(part: Sequence[tuple[Article, Verdict]]) -> list[Outcome[Any]]:
            return judging.judge([article for article, _ in part], [verdict for _, verdict in part])

        outcomes = _outcomes(judging.name, judge_pairs, pairs)
        results = [Result(judging.name, outcome) for outcome in outcomes]
        if self.after is None:
            return results
        passing = [(place, outcome.value) for place, outcome in enumerate(outcomes) if isinstance(outcome, Emit)]
        finished = self.after.process([value for _, value in passing])
        for (place, _), result in zip(passing, finished, strict=True):
            results[place] = result
        return results

    def stage_counts(self, results: Sequence[Result]) -> dict[StageName, StageCounts]:
        """Count what every stage did to these results of whole passes; consumed = emitted + dropped + rejected."""
        return count_stages(self.names, results)


def consecutive(names: Sequence[StageName]) -> tuple[StageName, ...]:
    """Return the names of a service's stages, checked.

    Raises:
        ValueError: There are none, or they are not consecutive stages of the chain.
    """
    if not names:
        raise ValueError("a service has at least one stage")
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        raise ValueError(f"no stage of the chain: {', '.join(unknown)}; its stages are {', '.join(STAGES)}")
    start = STAGES.index(names[0])
    if tuple(names) != STAGES[start : start + len(names)]:
        raise ValueError(f"not consecutive stages: {', '.join(names)}; the order is {', '.join(STAGES)}")
    return tuple(names)


def _outcomes(
    stage: StageName, process: Callable[[Sequence[T]], list[Outcome[Any]]], batch: Sequence[T]
) -> list[Outcome[Any]]:
    """Process a batch; when it raises, bisect it until the record that causes the exception is alone."""
    try:
        outcomes = process(batch)
    except NO_RECORDS_FAULT:
        raise
    except Exception as error:  # noqa: BLE001  # one article must not fail the others of its batch
        if len(batch) == 1:
            return [unexpected(error, stage)]
        middle = len(batch) // 2
        return _outcomes(stage, process, batch[:middle]) + _outcomes(stage, process, batch[middle:])
    if len(outcomes) != len(batch):
        raise RuntimeError(f"{stage} returned {len(outcomes)} outcomes for {len(batch)} records")
    return outcomes


def unexpected(error: Exception, stage: StageName) -> Reject:
    """Return the reject of a record on which a stage raised.

    The detail names the exception's class and the place where it was raised; the exception's own message is left out,
    because it may quote the article.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        file = trace.tb_frame.f_code.co_filename.rsplit("/", 1)[-1]
        place = f" at {file}:{trace.tb_lineno}"
    name = _class_name(error)
    return Reject("unexpected", f"{name} in {stage}{place}"[: DEFAULTS.max_detail_chars], exception_class=name)


def _class_name(error: Exception) -> str:
    """Return the class of an exception as dead letters name it: bare for built-in classes and our own.

    Others carry the top-level package, for example `msgspec.ValidationError`. Module paths are left out: they change
    with every refactoring, and dead letters are selected by this name.
    """
    package = type(error).__module__.partition(".")[0]
    name = type(error).__qualname__
    return name if package in _BARE_PACKAGES else f"{package}.{name}"
