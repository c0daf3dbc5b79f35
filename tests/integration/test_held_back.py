"""Duplicates on a broker: complete and in order in five services, and published on request."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from pipeline.assembly import newest_version
from tests.harness.cluster import TestCluster
from tests.harness.oracle import check_conservation, read_outcomes
from tests.harness.scenario import ALL, Raw, article, read, retraction, send
from tests.harness.tools import run
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

TEXT = (
    "The council of the harbour town met again on Monday and agreed to mend the bridge over the river before the first "
    "frost, after engineers had found that two of its pillars were weaker than had been thought. "
) * 3
SITES = 12
GUARANTEES = {"embedded": "at_least_once", "kafka": "exactly_once"}
FIVE: list[Sequence[str]] = [(stage,) for stage in ALL]


FIRST = article("https://first.example/a", "Bridge to be mended", TEXT)


def _copies() -> list[Raw]:
    """Return copies of FIRST on other sites, each fetched twice, and the retraction of every third copy."""
    copies = [article(f"https://site{n}.example/a", "Bridge mended", TEXT, tags=["bridge"]) for n in range(SITES)]
    ended = [retraction(f"https://site{n}.example/a") for n in range(0, SITES, 3)]
    return [*copies, *copies, *ended]


def _env(broker: Broker, prefix: str, **extra: str) -> dict[str, str]:
    return environment(broker.bootstrap_servers, prefix, NEWS_GUARANTEE=GUARANTEES[broker.name], **extra)


def _outputs(cluster: TestCluster, env: dict[str, str], cut: Sequence[Sequence[str]]) -> Any:
    newest = str(newest_version().fold_version)
    activated = run([sys.executable, "-m", "pipeline", "dedupe", "activate", newest, "--yes"], env=env, seconds=60)
    assert activated.returncode == 0, activated.stderr
    sent = send(cluster, FIRST)
    with ExitStack() as stack:
        workers = [stack.enter_context(WorkerProcess(env, stages)) for stages in cut]
        for worker in workers:
            worker.wait_ready()
        # Records of several partitions meet in no fixed order: the copies wait until the original is known.
        wait_until(lambda: bool(read_outcomes(cluster)), seconds=120, what="the original", pause_secs=1)
        sent = [*sent, *send(cluster, *_copies())]
        wait_until(lambda: len(read_outcomes(cluster)) >= len(sent), seconds=120, what="all outcomes", pause_secs=1)
    assert not any(check_conservation(sent, read_outcomes(cluster)).values())
    return read(cluster)


@pytest.mark.parametrize("cut", [[ALL], FIVE], ids=["one service", "five services"])
def test_copies_are_complete_and_in_order(broker: Broker, topic_prefix: str, cut: Sequence[Sequence[str]]) -> None:
    cluster = TestCluster(broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    seen = _outputs(cluster, _env(broker, topic_prefix), cut)
    assert [value["dedup"]["kind"] for _, value in seen.events] == ["unique"]
    of: dict[str, list[dict[str, Any]]] = {}
    for value in seen.duplicates:
        of.setdefault(value["id"], []).append(value)
    assert len(of) == SITES
    for values in of.values():
        assert [value["dedup"]["kind"] for value in values] in (
            ["exact", "repeat"],
            ["exact", "repeat", "retracted_copy"],
        )
        copy, repeat, *_ = values
        assert (copy["language"]["tag"], copy["tags"]) == ("en", ["bridge"])
        assert copy["subjects"] or copy["subjects_reason"]
        assert copy["provenance"]["versions"]["language"]
        assert "language" not in repeat


def test_a_consumer_of_all_articles_has_each_copy_until_it_is_retracted(broker: Broker, topic_prefix: str) -> None:
    cluster = TestCluster(broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    env = _env(broker, topic_prefix, NEWS_DEDUP__PUBLISHED="all")
    seen = _outputs(cluster, env, FIVE)
    stored: dict[str, dict[str, Any]] = {}
    for _, value in seen.events:  # as docs/consumers.md says
        if value["revision"] > stored.get(value["id"], {"revision": 0})["revision"]:
            stored[value["id"]] = value
    standing = [value for value in stored.values() if value["action"] != "delete"]
    assert len(standing) == 1 + SITES - len(range(0, SITES, 3))
    assert sorted({value["dedup"]["kind"] for value in standing}) == ["exact", "unique"]
    assert {value["dedup"]["kind"] for value in seen.duplicates} == {"repeat"}
