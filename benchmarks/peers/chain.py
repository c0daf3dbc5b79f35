"""The whole chain for peers: this product's stages, fold and encoding, without its runtime.

A peer hands over the records that its client has read and gets one record to write for each, in order: an event, a
duplicate or a dead letter. What deduplication remembers is in the memory of the process and ends with it, as in a
program that keeps it in a variable; this product's worker rebuilds it from its log.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from pipeline import __version__
from pipeline.assembly import build_chain, build_fold, newest_version
from pipeline.domain.article import Article
from pipeline.domain.outcome import Drop, Emit, Reject
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES
from pipeline.domain.verdict import Verdict
from pipeline.settings import DedupSettings, SubjectSettings
from pipeline.stages.counts import Result
from pipeline.wire.catalogue import DUPLICATES, load_catalogue
from pipeline.wire.dead_letters import Failure, Reporter, dead_letter
from pipeline.wire.output import Encoder, OutputRecord

__all__ = ["BATCH", "SESSION_MS", "TRANSACTION_MS", "Arguments", "PeerChain", "record_of"]

BATCH = 64
"""Records that a peer processes at once, where it can; our worker's number."""
SESSION_MS = 6_000
"""Session timeout of every contestant, so that the time to recover compares what comes on top of it."""
TRANSACTION_MS = 15_000
"""Timeout of transactions, as our worker's; a peer whose transactional id is random waits for it after a crash."""


class Arguments(Struct, frozen=True):
    """What every peer gets on its command line: broker, topic prefix, directory for its own files."""

    bootstrap: str
    prefix: str
    directory: str

    @classmethod
    def given(cls) -> "Arguments":
        """Read the arguments of this process."""
        return cls(*sys.argv[1:4])


class PeerChain:
    """All five stages with the fast reader of subjects and a fold in memory."""

    def __init__(self, prefix: str) -> None:
        """Load the models; `prefix` is that of all topics."""
        self._chain = build_chain(STAGES, subjects=SubjectSettings(reader="fast"))
        windows = DedupSettings()
        self._fold = build_fold(near_window_secs=windows.near_window_secs, exact_window_secs=windows.exact_window_secs)
        self._fold.apply(newest_version(), 0)
        catalogue = load_catalogue(prefix)
        self._encoder = Encoder(catalogue)
        self._reporter = Reporter(app="news-pipeline", version=__version__, group=f"{prefix}peer")
        self.source = catalogue.stage("ingest").reads
        self._letters = catalogue.topic(catalogue.stage("ingest").dead_letters)
        self.targets = (
            catalogue.stage("publish").emits,
            catalogue.full_name(DUPLICATES),
            self._letters.name,
        )

    def process(self, records: Sequence[Record]) -> list[OutputRecord]:
        """Return what to write for each record, in order.

        Raises:
            RuntimeError: A value does not fit its topic, or the fold has no verdict (a bug).
        """
        before, judging = self._chain.before, self._chain.judging
        if before is None or judging is None:
            raise RuntimeError("the chain lacks stages")
        results = before.process(records)
        passing = [place for place, result in enumerate(results) if isinstance(result.outcome, Emit)]
        articles: list[Article] = [results[place].outcome.value for place in passing]  # type: ignore[union-attr]
        signatures = judging.sign(articles)
        verdicts = [self._verdict(found) for found in self._fold.apply_all([(s, s.ingested_at_ms) for s in signatures])]
        for place, result in zip(passing, self._chain.judge(articles, verdicts), strict=True):
            results[place] = result
        return [self._encoded(record, result) for record, result in zip(records, results, strict=True)]

    def _verdict(self, found: Verdict | None) -> Verdict:
        if found is None:
            raise RuntimeError("the fold has no verdict on a signature")
        return found

    def _encoded(self, record: Record, result: Result) -> OutputRecord:
        outcome: Any = result.outcome
        if isinstance(outcome, Reject):
            failure = Failure(stage=result.stage, reason=outcome.reason, detail=outcome.detail)
            return dead_letter(record, failure, self._reporter, self._letters, int(time.time() * 1000))
        made = (
            self._encoder.drop(result.stage, outcome)
            if isinstance(outcome, Drop)
            else self._encoder.emit(result.stage, outcome.value)
        )
        if not isinstance(made, OutputRecord):
            raise RuntimeError(made.detail)  # noqa: TRY004  about the size, not a type
        return made


def record_of(message: Any) -> Record:
    """Return the record of a message of confluent-kafka."""
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        tuple(message.headers() or ()),
    )
