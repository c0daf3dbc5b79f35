"""Folding a log anew beside the verdicts on record, whole and with its start gone."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from pipeline.dedup.fold import Fold, FoldParams
from pipeline.dedup.params import RecordedVerdictParams
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature
from pipeline.domain.verdict import Decided, VerdictRecord
from pipeline.errors import FatalError
from pipeline.ops.dedup_logs import LogEntry, LogName
from pipeline.ops.dedup_rebuild import Rebuild

PARAMS = FoldParams(near_window_secs=60, exact_window_secs=100)
STEP_MS = 1000


def entry(log: LogName, offset: int, at_ms: int, record: LogRecord | VerdictRecord | None) -> LogEntry:
    return LogEntry(log=log, offset=offset, at_ms=at_ms, record=record)


def history(articles: Sequence[str], *, lag: int = 0) -> list[LogEntry]:
    """Return both logs after articles came, one a second, each a new version; verdicts lag behind by some records."""
    fold = Fold(PARAMS)
    entries, late = [], []
    for number, article in enumerate(articles):
        at_ms = number * STEP_MS
        text = f"{article}{number}".encode().ljust(16, b".")
        signed = Signature(
            version=1,
            article_id=ArticleId(article),
            origin=Origin("", 0, number),
            content_hash=text,
            text_hash=text,
            ingested_at_ms=at_ms,
            observed_at_ms=at_ms,
            shingles=300,
        )
        verdict = fold.apply(signed, at_ms)
        assert verdict is not None
        entries.append(entry("signatures", number, at_ms, signed))
        late.append(entry("verdicts", number, at_ms, Decided(verdict=verdict, ingested_at_ms=at_ms)))
        if number >= lag:
            entries.append(late.pop(0))
    return [*entries, *late]


def without_start(entries: Sequence[LogEntry], first: int) -> list[LogEntry]:
    return [found for found in entries if found.offset >= first]


def falsified(entries: Sequence[LogEntry], offset: int) -> list[LogEntry]:
    def changed(found: LogEntry) -> LogEntry:
        if found.offset != offset or not isinstance(found.record, Decided):
            return found
        return replace(found, record=replace(found.record, verdict=replace(found.record.verdict, revision=99)))

    return [changed(found) for found in entries]


@pytest.mark.parametrize("lag", [0, 7])
def test_a_whole_log_is_decided_as_on_record(lag: int) -> None:
    entries = history(["a", "b"] * 10, lag=lag)
    fold = Fold(PARAMS)
    done = Rebuild(fold, 0).run(entries)
    assert (done.signatures, done.compared, done.different, done.unrecorded) == (20, 20, 0, 0)
    assert (done.position, len(fold)) == (20, 20)


def test_a_difference_is_found_and_reported() -> None:
    done = Rebuild(Fold(PARAMS), 0).run(falsified(history(["a", "b", "a"]), 2))
    assert (done.compared, done.different) == (3, 1)
    (found,) = done.differences
    assert (found.offset, found.fields) == (2, {"revision": (99, 2)})


def test_no_more_differences_are_kept_than_are_shown() -> None:
    entries = falsified(falsified(history(["a", "b", "a"]), 2), 1)
    done = Rebuild(Fold(PARAMS), 0, shown=1).run(entries)
    assert (done.different, len(done.differences)) == (2, 1)


def test_where_the_start_is_gone_the_window_is_adopted_and_the_rest_compared() -> None:
    entries = history(["a", "b"] * 600)
    done = Rebuild(Fold(PARAMS), 40).run(without_start(entries, 40))
    assert done.different == 0
    assert done.adopted >= 100
    assert done.compared == 1160 - done.adopted > 0


def test_a_difference_behind_that_window_is_found_too() -> None:
    entries = falsified(history(["a", "b"] * 600), 1100)
    done = Rebuild(Fold(PARAMS), 40).run(without_start(entries, 40))
    assert [found.offset for found in done.differences] == [1100]


def test_without_adopting_a_lost_start_would_look_like_a_difference() -> None:
    done = Rebuild(Fold(PARAMS), 0).run(without_start(history(["a", "b"] * 50), 40))
    assert done.different > 0


def test_the_fold_is_as_good_as_one_that_ran_all_along() -> None:
    entries = history(["a", "b"] * 600)
    whole, part = Fold(PARAMS), Fold(PARAMS)
    Rebuild(whole, 0).run(entries)
    Rebuild(part, 40).run(without_start(entries, 40))
    assert b"".join(whole.snapshot()) == b"".join(part.snapshot())


def test_a_signature_that_is_not_on_record_costs_no_other_its_verdict() -> None:
    params = RecordedVerdictParams(max_waiting=20)
    entries = history([f"article {number}" for number in range(100)], lag=3)
    first = next(entry for entry in entries if entry.log == "verdicts")
    done = Rebuild(Fold(PARAMS), 0, params=params).run([entry for entry in entries if entry is not first])
    assert (done.signatures, done.unrecorded, done.compared, done.different) == (100, 1, 99, 0)


def test_what_is_appended_twice_or_not_on_record_is_counted() -> None:
    entries = history(["a", "b", "c"])
    again = replace(entries[0], offset=3, at_ms=3 * STEP_MS)
    done = Rebuild(Fold(PARAMS), 0).run([*entries[:-1], again])
    assert (done.compared, done.replays, done.unrecorded) == (2, 1, 1)


def test_what_cannot_be_read_is_counted_and_what_workers_skip_is_skipped() -> None:
    entries = [*history(["a", "b"]), entry("signatures", 2, 5000, None)]
    done = Rebuild(Fold(PARAMS), 0, skip_offsets=[1]).run(entries)
    assert (done.signatures, done.undecodable, done.position) == (1, 1, 3)


def test_an_unknown_version_is_an_error() -> None:
    switch = entry("signatures", 0, 0, Activate(fold_version=9, signature_version=1))
    with pytest.raises(FatalError, match="fold 9"):
        Rebuild(Fold(PARAMS), 0).run([switch])
