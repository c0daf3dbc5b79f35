"""A worker that starts adopts recorded verdicts, in whatever order they were recorded."""

import pytest
from msgspec.structs import replace

from pipeline.dedup.fold import Fold, FoldParams
from pipeline.dedup.params import RecordedVerdictParams
from pipeline.domain.verdict import Decided, Lost, key_of
from pipeline.errors import FatalError
from pipeline.wire.codec import encode
from tests.harness.log_in_memory import COPY, NOW, SIGNATURES, VERDICTS, Logs, dedup_log, signature_of


async def test_recorded_verdicts_are_adopted_also_when_the_log_was_truncated(logs: Logs) -> None:
    live = Fold()
    signatures = [signature_of(1, COPY), signature_of(2, COPY), signature_of(3)]
    for place, signature in enumerate(signatures):
        logs.add(SIGNATURES, encode(signature))
        verdict = live.apply(signature, NOW + place)
        assert verdict is not None
        logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=signature.ingested_at_ms)))
        logs.add(VERDICTS, encode(Lost(verdict=verdict, ingested_at_ms=signature.ingested_at_ms)))  # no verdict
    logs.starts[SIGNATURES] = 1  # the canonical's own signature is gone
    log = dedup_log(logs)
    await log.start()
    log.follow()
    (verdict,) = await log.decide([signature_of(2, COPY)])
    await log.stop()
    assert (verdict.kind, verdict.canonical_id) == ("exact", signature_of(1).article_id)


async def test_a_worker_with_other_windows_than_those_on_record_does_not_start(logs: Logs) -> None:
    signature = signature_of(1)
    verdict = Fold().apply(signature, NOW)
    assert verdict is not None
    logs.add(SIGNATURES, encode(signature))
    logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=NOW)))
    log = dedup_log(logs, fold=Fold(FoldParams(near_window_secs=3600)))
    with pytest.raises(FatalError, match="made with a window of 259200 s; here the windows are 3600 and 604800 s"):
        await log.start()
    await log.stop()


async def test_verdicts_that_were_recorded_late_and_out_of_order_are_adopted(logs: Logs) -> None:
    live = Fold()
    signatures = [signature_of(number, COPY if number % 5 == 0 else None) for number in range(3000)]
    verdicts = []
    for place, signature in enumerate(signatures):
        logs.add(SIGNATURES, encode(signature))
        verdict = live.apply(signature, NOW + place)
        assert verdict is not None
        verdicts.append(verdict)
    for verdict in sorted(verdicts, key=lambda verdict: (verdict.origin.offset % 7, verdict.origin.offset)):
        logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=NOW)))
    logs.starts[SIGNATURES] = 1  # the canonical of all copies is gone
    log = dedup_log(logs)
    await log.start()
    assert await log.decide(signatures[1:]) == verdicts[1:]
    await log.stop()


@pytest.mark.parametrize("trouble", ["appended twice", "not on record"])
async def test_a_signature_without_a_recorded_verdict_does_not_cost_another_its_own(logs: Logs, trouble: str) -> None:
    """With more verdicts on record for the next hour than may wait: those needed next must not be let go."""
    recorded = RecordedVerdictParams(max_waiting=150, batch_records=50)
    live = Fold()
    signatures = [signature_of(number, COPY if number % 5 == 0 else None) for number in range(600)]
    if trouble == "appended twice":
        signatures.insert(60, signatures[3])
    verdicts = []
    for place, signature in enumerate(signatures):
        logs.add(SIGNATURES, encode(signature))
        verdict = live.apply(signature, NOW + place)
        assert verdict is not None
        verdicts.append(verdict)
        if place != 61 or trouble == "appended twice":
            logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=NOW)))
    logs.starts[SIGNATURES] = 1  # the canonical of all copies is gone
    log = dedup_log(logs, batch_records=25, recorded=recorded)
    await log.start()
    assert await log.decide(signatures[1:]) == verdicts[1:]
    await log.stop()


async def test_verdicts_whose_signatures_are_gone_do_not_count_as_waiting(logs: Logs) -> None:
    recorded = RecordedVerdictParams(max_waiting=150, batch_records=50, skew_ms=10)
    live = Fold()
    signatures = [signature_of(number, COPY if number % 5 == 0 else None) for number in range(600)]
    for place, signature in enumerate(signatures):
        logs.add(SIGNATURES, encode(signature))
        verdict = live.apply(signature, NOW + place)
        assert verdict is not None
        logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=NOW)))
    logs.starts[SIGNATURES] = 401
    log = dedup_log(logs, batch_records=25, recorded=recorded)
    await log.start()
    assert await log.decide(signatures[401:]) == [live.verdict_of(*key_of(known)) for known in signatures[401:]]
    await log.stop()


async def test_a_verdict_on_another_article_from_the_same_origin_is_no_answer(logs: Logs) -> None:
    log = dedup_log(logs)
    await log.start()
    log.follow()
    former, other = signature_of(1), replace(signature_of(2), origin=signature_of(1).origin)
    for signature in (former, other, former):
        (verdict,) = await log.decide([signature])
        assert verdict.article_id == signature.article_id
        logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=NOW)))
    starting = dedup_log(logs)
    await starting.start()
    assert [verdict.article_id for verdict in await starting.decide([former, other])] == [
        former.article_id,
        other.article_id,
    ]
    for worker in (log, starting):
        await worker.stop()
