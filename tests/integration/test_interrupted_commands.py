"""Replay commands that are killed within a transaction, or run twice at once: every record is sent exactly once."""

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaAdminClient

from pipeline.domain.record import Record
from pipeline.domain.times import from_epoch_ms
from pipeline.ops import provision
from pipeline.wire.dead_letters import Failure, Reporter, dead_letter
from pipeline.wire.replays import Receipt
from tests.harness.cluster import TestCluster
from tests.harness.faulty import killed_command, paused_command
from tests.harness.scenario import RAW, article
from tests.harness.workers import environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [
    pytest.mark.broker,
    pytest.mark.kafka,
    pytest.mark.timeout(120),
    pytest.mark.parametrize("broker", ["kafka"], indirect=True),
    pytest.mark.parametrize("what", ["dead letters", "a lane"]),
]

COUNT = 60
UNIT = 2  # records per second, and so per transaction
DLQ, LEDGER, LANE = "news.dlq.ingest.v1", "news.replays.v1", "again"


class Scene:
    """Records to replay, and the topic they are sent to."""

    def __init__(self, broker: Broker, prefix: str, what: str) -> None:
        self.dead = what == "dead letters"
        self.live = TestCluster(broker.bootstrap_servers, prefix)
        self.lane = TestCluster(broker.bootstrap_servers, f"{prefix}{LANE}.")
        self.env = environment(broker.bootstrap_servers, prefix)
        began = from_epoch_ms(int(time.time() * 1000) - 60_000)
        self.line = ["dlq", "replay", "--stage", "ingest"] if self.dead else ["replay", "--from", began, "--lane", LANE]
        self.target = self.live if self.dead else self.lane

    def fill(self) -> None:
        """Create the topics, and the records to replay."""
        _provision(self.live, RAW, DLQ, LEDGER)
        articles = [article(f"https://news.example/{number}", "The bridge", "Again.") for number in range(COUNT)]
        if self.dead:
            self.live.produce(DLQ, [self._letter(key, value) for key, value, _ in articles])
        else:
            _provision(self.lane, RAW)
            self.live.produce(RAW, articles)

    def _letter(self, key: bytes | None, value: bytes | None) -> tuple[bytes | None, bytes | None, list]:  # type: ignore[type-arg]
        record = Record(self.live.name(RAW), 0, 1, int(time.time() * 1000), key, value, ())
        failure = Failure(stage="ingest", reason="unexpected", detail="a bug")
        reporter = Reporter(app="test", version="0", group="news-ingest")
        made = dead_letter(record, failure, reporter, self.live.catalogue.topic(DLQ), record.timestamp_ms - 1000)
        return made.key, made.value, list(made.headers)

    def start(self, env: dict[str, str], *arguments: str) -> "subprocess.Popen[str]":
        """Start the command."""
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline", *self.line, *arguments],
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def arrived(self) -> Counter[bytes]:
        """Count the committed records by key."""
        return Counter(record.key for record in self.target.read(RAW))

    def check(self) -> None:
        """Check that every record arrived once, and that the ledger, if any, has one receipt for each."""
        arrived = self.arrived()
        assert len(arrived) == COUNT
        assert set(arrived.values()) == {1}
        if self.dead:
            noted = [msgspec.json.decode(record.value, type=Receipt) for record in self.live.read(LEDGER)]
            assert len({receipt.dead_letter for receipt in noted}) == len(noted) == COUNT


def _provision(cluster: TestCluster, *names: str) -> None:
    """Create only these topics, because creating all takes seconds."""
    wanted = tuple(cluster.catalogue.topic(name) for name in names)
    with KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin:
        provision.apply(admin, msgspec.structs.replace(cluster.catalogue, topics=wanted))


@pytest.fixture
def scene(broker: Broker, topic_prefix: str, what: str) -> Scene:
    made = Scene(broker, topic_prefix, what)
    made.fill()
    return made


def test_a_command_killed_within_a_transaction_can_be_repeated(scene: Scene, tmp_path: Path) -> None:
    killed = scene.start(killed_command(tmp_path, units=1), "--rate", str(UNIT))
    assert killed.wait(60) == -signal.SIGKILL
    assert scene.target.in_transaction(RAW)
    assert scene.arrived().total() == UNIT
    again = scene.start({})
    output, _ = again.communicate(timeout=60)
    assert again.returncode == 0, output
    assert f"{COUNT - UNIT} " in output
    scene.check()


def test_a_second_command_stops_the_first(scene: Scene, tmp_path: Path) -> None:
    first = scene.start({}, "--rate", str(UNIT))
    wait_until(lambda: scene.arrived().total() >= UNIT, seconds=60, what="the first unit")
    second = scene.start(paused_command(tmp_path))
    wait_until((tmp_path / "there").exists, seconds=60, what="the second command")
    before = scene.arrived().total()
    wait_until(lambda: scene.arrived().total() > before, seconds=60, what="another unit of the first")
    (tmp_path / "go").touch()
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 0, output
    stopped, _ = first.communicate(timeout=60)
    scene.check()
    assert first.returncode == 1, stopped
    assert "the same command was started again" in stopped
