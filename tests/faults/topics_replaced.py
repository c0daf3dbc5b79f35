"""Topics that are deleted and created again, and offsets that somebody else sets."""

import time
from contextlib import suppress

from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError, NoError

from tests.faults.trial import Found, Ground, trials
from tests.harness.workers import wait_until

__all__ = ["TOPICS_REPLACED"]

FEW, MANY = 60, 240
DRAIN_SECS = 90
PARTITIONS = 4


def raw_created_again(ground: Ground) -> Found:
    """Delete the raw topic under a running worker and create it again, with fewer records than before, then more."""
    with ground.worker() as worker:
        ground.good(FEW, 1)
        ground.drain(worker, DRAIN_SECS)
        began = time.monotonic()
        _recreate(ground)
        ground.good(FEW // 2, 2)
        _come_out(ground, FEW + FEW // 2)
        ground.good(MANY, 3)
        _come_out(ground, FEW + FEW // 2 + MANY)
        fewer = time.monotonic() - began
        _recreate(ground)
        ground.good(2 * MANY, 4)
        _come_out(ground, FEW + FEW // 2 + 3 * MANY)
        assert "topic_created_again" in worker.all_logs(), "void: the worker has not noticed"
        worker.ensure()
        assert worker.starts > 1
    events = ground.events()
    inputs = FEW + FEW // 2 + 3 * MANY
    return Found(
        inputs=inputs,
        lost=inputs - len({event.key for event in events}),
        duplicated=len(events) - len({event.key for event in events}),
        proof=f"created again with {FEW // 2} records where {FEW} had been, then {MANY} more: all came out within "
        f"{fewer:.0f} s; again with {2 * MANY} at once; {worker.starts - 1} restarts",
    )


def signatures_created_again(ground: Ground) -> Found:
    """Delete the deduplication log under a running worker and create it again."""
    with ground.worker() as worker:
        ground.good(FEW, 1)
        ground.drain(worker, DRAIN_SECS)
        _recreate(ground, "news.signatures.v1")
        ground.good(MANY, 2)
        ground.drain(worker, DRAIN_SECS)
        assert worker.starts > 1, "void: the worker went on with its fold of the former log"
    events = ground.events()
    return Found(
        inputs=FEW + MANY,
        lost=FEW + MANY - len({event.key for event in events}),
        duplicated=len(events) - len({event.key for event in events}),
        proof=f"{worker.starts - 1} restart, with a fold of the new log; articles of before are not known any more",
    )


def offsets_reset(ground: Ground) -> Found:
    """Set the group's offsets under a running worker, which is refused; then back to zero while it is stopped."""
    with ground.worker() as worker:
        ground.good(FEW, 1)
        ground.drain(worker, DRAIN_SECS)
        refused = _reset(ground)
    before = ground.events()
    assert _reset(ground) == "", "a group without members can be set"
    with ground.worker() as worker:
        ground.drain(worker, DRAIN_SECS)
        assert "offset_set_by_others" in worker.log_text()
    after = ground.events()
    first = {(event.key, dict(event.headers)["ce_id"], event.value) for event in before}
    assert {(event.key, dict(event.headers)["ce_id"], event.value) for event in after} == first, "repeats differ"
    assert refused, "void: the offsets were set under a running worker"
    return Found(
        inputs=FEW,
        lost=FEW - len({event.key for event in after}),
        proof=f"refused while a worker runs ({refused}); set back to 0 while none did: {len(after) - len(before)} "
        "events again, with the same bytes and ce_id, after the log event offset_set_by_others",
    )


def _come_out(ground: Ground, count: int) -> None:
    wait_until(lambda: _ensured(ground) >= count, seconds=DRAIN_SECS, what=f"{count} events", pause_secs=1.0)


def _ensured(ground: Ground) -> int:
    for worker in ground.workers:
        worker.ensure()
    return len(ground.events())


def _recreate(ground: Ground, topic: str = "news.articles.raw.v1") -> None:
    name = ground.cluster.name(topic)
    with KafkaAdminClient(bootstrap_servers=ground.cluster.bootstrap_servers) as admin:
        former = admin.describe_topics([name])[0]["topic_id"]
        admin.delete_topics([name])

        def created() -> bool:
            with suppress(KafkaError):
                ground.cluster.provision()
                found = admin.describe_topics([name])[0]
                return found.get("error_code", 0) == 0 and found.get("topic_id") not in (None, former)
            return False

        wait_until(created, seconds=30, what="void: the topic is another one")


def _reset(ground: Ground) -> str:
    """Set the group's offsets on the raw topic to 0; return the name of the error, or an empty text."""
    places = {TopicPartition(ground.raw, number): OffsetAndMetadata(0, "", -1) for number in range(PARTITIONS)}
    with KafkaAdminClient(bootstrap_servers=ground.cluster.bootstrap_servers) as admin:
        try:
            answer = admin.alter_group_offsets(ground.group, places)
        except KafkaError as error:
            return type(error).__name__
    return ", ".join(sorted({error.__name__ for error in answer.values() if error is not NoError}))


TOPICS_REPLACED = (
    *trials("raw topic deleted and created again", raw_created_again),
    *trials("deduplication log deleted and created again", signatures_created_again),
    *trials("offsets set by others", offsets_reset),
)
