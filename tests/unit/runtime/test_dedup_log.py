"""Workers append signatures and get verdicts from the log: replays, lost appends, races."""

import asyncio
import random
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from pipeline.domain.record import Origin
from pipeline.domain.signature import LogRecord
from pipeline.domain.verdict import Decided
from pipeline.errors import FatalError
from pipeline.wire.codec import encode
from tests.harness.log_in_memory import COPY, NOW, SIGNATURES, Logs, Observer, dedup_log, kinds_of, signature_of

LOST_SECS = 0.2  # how soon a lost append is noticed


async def test_verdicts_come_from_the_own_tail_in_order(logs: Logs) -> None:
    log = dedup_log(logs)
    await log.start()
    log.follow()
    assert await kinds_of(log, signature_of(1, COPY), signature_of(2), signature_of(3, COPY)) == [
        "unique",
        "unique",
        "exact",
    ]
    await log.stop()


async def test_a_known_origin_is_a_replay_and_appends_nothing(logs: Logs) -> None:
    log = dedup_log(logs)
    await log.start()
    log.follow()
    first = await log.decide([signature_of(1, COPY)])
    again = await log.decide([signature_of(1, COPY)])
    await log.stop()
    assert first == again
    assert len(logs.lines[SIGNATURES]) == 1


async def test_a_log_that_gives_no_verdict_ends_the_process(logs: Logs) -> None:
    log = dedup_log(logs, append_timeout_secs=LOST_SECS)
    await log.start()
    log.follow()
    logs.lost = True
    with pytest.raises(FatalError, match="no verdict"):
        await log.decide([signature_of(1)])
    await log.stop()


async def test_a_lost_append_is_repeated_once_and_counted(logs: Logs) -> None:
    observer = Observer()
    log = dedup_log(logs, observer=observer, append_timeout_secs=LOST_SECS)
    await log.start()
    log.follow()
    logs.lost_appends = 1
    assert await kinds_of(log, signature_of(1), signature_of(2)) == ["unique", "near"]
    assert len(logs.lines[SIGNATURES]) == 2
    assert observer.retries == ["append_timeout"]
    assert observer.written == [("dedupe", SIGNATURES, 2)] * 2
    logs.lost_appends = 2
    with pytest.raises(FatalError, match="no verdict"):
        await log.decide([signature_of(3)])
    await log.stop()


async def test_only_signatures_without_a_verdict_are_appended_again(logs: Logs) -> None:
    observer = Observer()
    log = dedup_log(logs, observer=observer, append_timeout_secs=LOST_SECS)
    await log.start()
    log.follow()
    append, first = logs.append, signature_of(1)

    async def losing_the_second(records: Sequence[LogRecord]) -> None:
        await append(records if len(observer.written) else [first])

    logs.append = losing_the_second  # type: ignore[method-assign]
    assert await kinds_of(log, first, signature_of(2)) == ["unique", "near"]
    assert observer.written == [("dedupe", SIGNATURES, 2), ("dedupe", SIGNATURES, 1)]
    await log.stop()


async def test_the_same_log_gives_the_same_bytes_with_one_two_and_four_workers(logs: Logs) -> None:
    """Each worker gives verdicts on a share of the articles, at its own pace; the log of signatures is the same."""
    rng = random.Random(7)
    texts = [
        " ".join(rng.choices("abcdefghijkl", k=4) + [f"w{rng.randrange(40)}" for _ in range(80)]) for _ in range(12)
    ]
    signatures = [signature_of(number, texts[rng.randrange(12)] + f" {rng.randrange(3)}") for number in range(300)]
    signatures = [
        replace(signature, article_id=signature_of(number % 90).article_id, origin=Origin("", number % 4, number))
        for number, signature in enumerate(signatures)
    ]
    await logs.append(signatures)
    recorded = []
    for count in (1, 2, 4):
        workers = [dedup_log(logs) for _ in range(count)]
        await asyncio.gather(*(worker.start() for worker in workers))
        shares = [signatures[place::count] for place in range(count)]
        decided = await asyncio.gather(*(w.decide(share) for w, share in zip(workers, shares, strict=True)))
        lines = [encode(Decided(verdict=verdict, ingested_at_ms=NOW)) for verdicts in decided for verdict in verdicts]
        recorded.append(sorted(lines))
        for worker in workers:
            await worker.stop()
    assert len(logs.lines[SIGNATURES]) == 300
    assert len(recorded[0]) == 300
    assert recorded[0] == recorded[1] == recorded[2]


async def test_two_copies_racing_on_two_workers_have_exactly_one_canonical_a_thousand_times(logs: Logs) -> None:
    """The workers share an event loop and a log in memory; what Kafka does between them is not shown here."""
    workers = [dedup_log(logs), dedup_log(logs)]
    for worker in workers:
        await worker.start()
        worker.follow()
    races = []
    for race in range(1000):
        text = " ".join("".join(random.Random(1000 * race + place).choices("abcdefghik", k=6)) for place in range(60))
        copies = [signature_of(2 * race + side, text) for side in range(2)]
        races.append([(worker, copy) for worker, copy in zip(workers, copies, strict=True)][:: 1 if race % 2 else -1])
    for start in range(0, len(races), 50):
        part = [worker.decide([copy]) for race in races[start : start + 50] for worker, copy in race]
        decided = [verdict for verdicts in await asyncio.gather(*part) for verdict in verdicts]
        for one, other in zip(decided[::2], decided[1::2], strict=True):
            assert sorted([one.passes, other.passes]) == [False, True]
            first, copy = (one, other) if one.passes else (other, one)
            assert copy.canonical_id == first.article_id
    for worker in workers:
        await worker.stop()
    assert len(logs.lines[SIGNATURES]) == 2000
