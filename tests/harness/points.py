"""A worker that sends itself a signal at a chosen point of its work: `python -m tests.harness.points DIR worker …`.

A file in DIR arms a point and contains the name of the signal. The process renames it to `<point>.hit`, which proves
that the point was reached, and sends itself the signal. The product's methods are wrapped from outside.

before-send     a unit of work is finished, nothing of it is sent
after-send      its outputs are acknowledged, its source offsets are not sent (transaction open)
before-commit   outputs and offsets are in the transaction, which is not committed
after-commit    the transaction is committed, the worker has not recorded that yet
appended        signatures are in the log, their verdicts are not read
rebalance       partitions were assigned, former owners are fenced, work has not begun

In addition, a file `slow` with seconds makes `classify` take that long for every batch, and an article whose URL is on
`dies.example` makes it raise. One on `kills.example` kills the worker there.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiokafka

from pipeline.__main__ import main
from pipeline.kafka_io import commits, producers, transactions
from pipeline.runtime import lease_manager, signature_log
from pipeline.stages import classify

__all__ = ["DIES", "KILLS", "POINTS"]

POINTS = ("before-send", "after-send", "before-commit", "after-commit", "appended", "rebalance")
DIES = "dies.example"
KILLS = "kills.example"


def install(directory: Path) -> None:
    """Wrap the methods that contain the points."""

    def reach(point: str) -> None:
        try:
            hit = (directory / point).rename(directory / f"{point}.hit")
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.Signals[hit.read_text("ascii")])

    _around_sending(reach)
    _around_transactions(reach)
    _around_the_log(reach)
    _around_assignment(reach)
    _around_classify(directory)


def _around_sending(reach: Any) -> None:
    send_records = producers.send_records

    async def sending(*arguments: Any) -> Any:
        reach("before-send")
        written = await send_records(*arguments)
        reach("after-send")
        return written

    for module in (commits, transactions):  # with at_least_once, and with exactly_once
        module.send_records = sending  # type: ignore[attr-defined]


def _around_transactions(reach: Any) -> None:
    commit_transaction = aiokafka.AIOKafkaProducer.commit_transaction

    async def committing(self: Any) -> None:
        reach("before-commit")
        await commit_transaction(self)
        reach("after-commit")

    aiokafka.AIOKafkaProducer.commit_transaction = committing


def _around_the_log(reach: Any) -> None:
    append = signature_log.SignatureAppender.append

    async def appending(self: Any, records: Sequence[Any]) -> None:
        await append(self, records)
        if records:
            reach("appended")

    signature_log.SignatureAppender.append = appending  # type: ignore[method-assign]


def _around_assignment(reach: Any) -> None:
    open_leases = lease_manager.LeaseManager.open_leases

    async def opening(self: Any, consumer: Any, partitions: list[Any]) -> list[Any]:
        leases = await open_leases(self, consumer, partitions)
        if leases:
            reach("rebalance")
        return leases

    lease_manager.LeaseManager.open_leases = opening  # type: ignore[method-assign]


def _around_classify(directory: Path) -> None:
    process = classify.ClassifyStage.process

    def processing(self: Any, batch: Sequence[Any]) -> Any:
        slow = directory / "slow"
        if slow.exists():
            (directory / "slow.hit").touch()
            time.sleep(float(slow.read_text("ascii")))
        for article in batch:
            if article.url and KILLS in article.url:
                os.kill(os.getpid(), signal.SIGKILL)
            if article.url and DIES in article.url:
                raise RuntimeError(f"cannot classify {article.headline}")  # a message that must not reach a log
        return process(self, batch)

    classify.ClassifyStage.process = processing  # type: ignore[method-assign]


if __name__ == "__main__":
    install(Path(sys.argv[1]))
    sys.argv = ["news-pipeline", *sys.argv[2:]]
    main()
