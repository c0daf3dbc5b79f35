"""Looking at all workers: addresses, workers that answer, and those that do not."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.observability.health import HealthServer
from pipeline.observability.metrics import Metrics
from pipeline.observability.progress import Progress
from pipeline.ops.fleet import Fleet, read_targets
from pipeline.ops.ready import free_port
from pipeline.settings import WatchdogSettings, WebSettings


class Worker:
    """The web server of a worker."""

    def __init__(self) -> None:
        self.metrics, self.progress = Metrics(), Progress(needs_fold=False)
        self.consumed = self.metrics.of("records_consumed_total").labels("ingest", "raw")
        self.server = HealthServer(WebSettings(port=0), WatchdogSettings(), self.progress, self.metrics.registry)
        self.server.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"


@pytest.fixture
def workers() -> Iterator[tuple[Worker, Worker]]:
    with ExitStack() as stack:
        found = Worker(), Worker()
        for worker in found:
            stack.callback(worker.server.stop)
        yield found


def test_workers_are_added_up(workers: tuple[Worker, Worker]) -> None:
    now = 1000.0
    one, other = workers
    fleet = Fleet([one.address, other.address], lambda: now)
    fleet.look()
    now += 4
    one.consumed.inc(8)
    other.consumed.inc(4)
    other.progress.state("running")
    other.progress.rebalance_ended(1)
    view = fleet.look()
    assert view.total.stages[0].consumed == 3.0
    assert view.total.secs == 4.0
    found = {member.address: member for member in view.members}
    assert found[one.address].problems == ("state_starting", "no_assignment_yet")
    assert found[other.address].problems == ()
    assert found[other.address].state == "running"
    mine = found[one.address].view
    assert mine is not None
    assert mine.stages[0].consumed == 2.0


def test_a_worker_that_does_not_answer_is_shown(workers: tuple[Worker, Worker]) -> None:
    gone = f"127.0.0.1:{free_port()}"
    view = Fleet([workers[0].address, gone]).look()
    (member,) = (member for member in view.members if member.address == gone)
    assert member.view is None
    assert member.problems == ("no answer: Connection refused",)


def test_an_address_given_twice_counts_once(workers: tuple[Worker, Worker]) -> None:
    address = workers[0].address
    workers[0].consumed.inc(5)
    view = Fleet([address, address, f"dns:{address}"]).look()
    assert len(view.members) == 1
    assert view.total.stages[0].records == 5


def test_a_name_that_has_no_address_is_shown() -> None:
    view = Fleet(["dns:workers.invalid:9464"]).look()
    assert [member.address for member in view.members] == ["workers.invalid:9464"]
    assert view.members[0].problems[0].startswith("no answer: ")


@pytest.mark.parametrize(
    "target", ["localhost", "http://localhost:9464/metrics", "host:0", "host:99999", ":9464", "a:b"]
)
def test_what_is_no_address_is_refused(target: str) -> None:
    with pytest.raises(ConfigError, match="is not the address of a worker"):
        Fleet([target])


@pytest.mark.parametrize(
    "text",
    [
        "a:1\nb:2\n",
        "- a:1\n- b:2\n",
        '[{"targets": ["a:1"], "labels": {"service": "x"}}, {"targets": ["b:2"]}]',
        "- targets: [a:1, b:2]\n",
    ],
)
def test_addresses_are_read_from_files(text: str, tmp_path: Path) -> None:
    path = tmp_path / "targets"
    path.write_text(text, "utf-8")
    assert read_targets(path) == ["a:1", "b:2"]


@pytest.mark.parametrize("text", ["", "{}", "- {labels: {}}", "- 1\n", "a: [", "\x00"])
def test_other_files_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "targets"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="targets"):
        read_targets(path)
