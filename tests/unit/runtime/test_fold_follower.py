"""The fold catches up with the log at start and follows it; what it skips and what ends it."""

import asyncio

import pytest
from msgspec.structs import replace

from pipeline.dedup.fold import Fold, FoldParams
from pipeline.domain.signature import Activate
from pipeline.errors import FatalError
from tests.harness.log_in_memory import COPY, SIGNATURES, Logs, dedup_log, kinds_of, signature_of


async def test_a_worker_that_starts_folds_what_was_appended_before(logs: Logs) -> None:
    await logs.append([signature_of(1, COPY)])
    log = dedup_log(logs)
    await log.start()
    log.follow()
    assert await kinds_of(log, signature_of(1, COPY), signature_of(2, COPY)) == ["unique", "exact"]
    await log.stop()


async def test_undecodable_records_are_skipped(logs: Logs) -> None:
    logs.add(SIGNATURES, b"{}")
    logs.add(SIGNATURES, None)
    await logs.append([signature_of(1, COPY)])
    log = dedup_log(logs)
    await log.start()
    log.follow()
    assert await kinds_of(log, signature_of(2, COPY)) == ["exact"]
    await log.stop()


async def test_offsets_of_the_settings_are_skipped(logs: Logs) -> None:
    await logs.append([signature_of(1, COPY)])
    log = dedup_log(logs, skip=frozenset({0}))
    await log.start()
    log.follow()
    assert await kinds_of(log, signature_of(2, COPY)) == ["unique"]
    await log.stop()


async def test_an_exception_in_the_fold_ends_the_tail(logs: Logs) -> None:
    log = dedup_log(logs)
    await log.start()
    tail = log.follow()
    logs.add(SIGNATURES, b'{"type":"activate","fold_version":99,"signature_version":1}')
    with pytest.raises(FatalError, match="99"):
        await asyncio.wait_for(tail, 2)
    await log.stop()


async def test_a_record_that_the_fold_refuses_ends_the_tail_with_its_offset(logs: Logs) -> None:
    log = dedup_log(logs)
    await log.start()
    tail = log.follow()
    await logs.append([signature_of(1), replace(signature_of(2), version=300)])
    with pytest.raises(FatalError, match="offset 1"):
        await asyncio.wait_for(tail, 2)
    await log.stop()


async def test_workers_switch_the_version_of_the_fold_at_the_same_record(logs: Logs) -> None:
    strict = {2: FoldParams(min_exact_shingles=10_000)}  # nothing is an exact copy by its text alone any more
    before, after = [signature_of(1, COPY), signature_of(2, COPY)], [signature_of(3, COPY), signature_of(4, COPY)]
    workers = [dedup_log(logs, fold=Fold(later=strict)) for _ in range(2)]
    for worker in workers:
        await worker.start()
        worker.follow()
    first = [await worker.decide(before) for worker in workers]
    await logs.append([Activate(fold_version=2, signature_version=1)])
    second = [await worker.decide(after) for worker in reversed(workers)]
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert [verdict.method for verdict in first[0]] == ["new", "text_hash"]
    assert {verdict.method for verdict in second[0]} == {"minhash"}
    assert {(verdict.fold_version) for verdict in first[0]} == {1}
    assert {(verdict.fold_version) for verdict in second[0]} == {2}
    late = dedup_log(logs, fold=Fold(later=strict))
    await late.start()
    assert await late.decide([*before, *after]) == [*first[0], *second[0]]
    lacking = dedup_log(logs)
    with pytest.raises(FatalError, match="puts fold 2 in force; this version has 1"):
        await lacking.start()
    for worker in (*workers, late, lacking):
        await worker.stop()
