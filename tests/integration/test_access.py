"""Least privilege on a broker with an authorizer: every service works as its own principal, with no other rights."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion
from kafka.errors import (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
)

from pipeline.cli.app import run_command
from pipeline.kafka_io.security import kafka_python_security
from pipeline.ops.access import grants
from pipeline.settings import KafkaSettings
from tests.brokers.apache import ApacheKafka
from tests.harness.certificates import make_certificates
from tests.harness.cluster import TestCluster
from tests.harness.scenario import ALL, article, send
from tests.harness.workers import WorkerProcess, environment, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(600)]

USER_SECRET = "pass word/with=signs"  # noqa: S105  # of this test alone
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
STORY = "The council met again on Monday and agreed to mend the bridge over the river before the first frost. " * 4
PEOPLE = ("fetcher", "operator", "eraser", "monitor", "search", "alert")
DENIED_SECS = 20.0  # a denial arrives at once on an idle machine


class Guarded:
    """A broker that denies everything not granted, except on its plaintext listener for the tests."""

    def __init__(self, broker: ApacheKafka, files: Path, *, one_service: bool) -> None:
        self.broker = broker
        self.files = files
        self.cluster = TestCluster(broker.bootstrap_servers, "", partitions=2)
        self.services = [ALL, ("cluster",)] if one_service else [(stage,) for stage in self.cluster.catalogue.stages]
        self.cut = [word for stages in self.services for word in ("--service", ",".join(stages))] if one_service else []
        self.grants = grants(self.cluster.catalogue, self.services, "news-{}".format, "User:news-{}".format)

    def client(self, who: str) -> dict[str, Any]:
        """Return the arguments of a client of a principal."""
        kafka = KafkaSettings.model_validate(
            {
                "bootstrap_servers": self.broker.address("SECRET"),
                "security_protocol": "SASL_SSL",
                "sasl_username": f"news-{who}",
                "sasl_password": USER_SECRET,
                "ssl_ca_file": self.files / "ca.pem",
            }
        )
        return {"bootstrap_servers": kafka.bootstrap_servers, **kafka_python_security(kafka)}

    def environment(self, who: str) -> dict[str, str]:
        """Return the environment of a worker of a principal."""
        return environment(
            self.broker.address("SECRET"),
            "",
            NEWS_KAFKA__SECURITY_PROTOCOL="SASL_SSL",
            NEWS_KAFKA__SASL_USERNAME=f"news-{who}",
            NEWS_KAFKA__SASL_PASSWORD=USER_SECRET,
            NEWS_KAFKA__SSL_CA_FILE=str(self.files / "ca.pem"),
        )

    def topics(self, who: str, operation: str) -> set[str]:
        """Return the topics that a principal was granted an operation on."""
        wanted = [grant for grant in self.grants if grant.principal == f"User:news-{who}"]
        return {grant.name for grant in wanted if (grant.resource, grant.operation) == ("topic", operation)}


@pytest.fixture
def guarded(
    request: pytest.FixtureRequest, kafka_needed: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    """A broker for each test, one of which writes wherever it may. Every stage is a service by default."""
    files = tmp_path_factory.mktemp("certificates")
    make_certificates(files)
    properties = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(files / "server.both"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(files / "ca.pem"),
        "listener.name.secret.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.secret.scram-sha-512.sasl.jaas.config": SCRAM,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",  # the plaintext listener: brokers among themselves, and this test's own hands
    }
    with ApacheKafka(properties=properties, listeners={"SECRET": "SASL_SSL"}) as broker:
        made = Guarded(broker, files, one_service=getattr(request, "param", "") == "one service")
        made.cluster.provision()
        with KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers) as admin:
            users = {grant.principal.removeprefix("User:") for grant in made.grants}
            admin.alter_user_scram_credentials(
                [
                    UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, USER_SECRET)
                    for user in sorted(users)
                ]
            )
        yield made


@pytest.fixture
def granted(guarded: Guarded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Guarded:
    """The broker, once the command has granted what is needed, and nothing when it is repeated."""
    monkeypatch.setenv("NEWS_KAFKA__BOOTSTRAP_SERVERS", guarded.broker.bootstrap_servers)
    line = ["topics", "acls", "--apply", *guarded.cut]
    assert run_command(line) == 0
    capsys.readouterr()
    assert run_command(line) == 0
    assert capsys.readouterr().out == "nothing to grant\n"
    return guarded


@pytest.mark.parametrize("guarded", ["a service for each stage", "one service"], indirect=True)
def test_everybody_works_as_a_principal_of_ones_own(
    granted: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        workers = [
            stack.enter_context(WorkerProcess(granted.environment(stages[0]), stages)) for stages in granted.services
        ]
        for worker in workers:
            worker.wait_ready(300)  # all start at once
        send(granted.cluster, article("https://news.example/a", "The bridge", STORY), (b"k", b"{", ()))
        wait_until(lambda: len(granted.cluster.read("news.articles.enriched.v1")) == 1, seconds=90, what="an event")
        wait_until(lambda: len(granted.cluster.read("news.clusters.v1")) == 1, seconds=60, what="a cluster")
        assert len(granted.cluster.read("news.dlq.ingest.v1")) == 1
        for worker in workers:
            assert worker.alive
            assert USER_SECRET not in worker.log_text()
    for stages in granted.services:
        assert _checked(granted, stages[0], stages, monkeypatch) == 0
    assert _checked(granted, "fetcher", granted.services[0], monkeypatch) == 78
    _operate(granted, tmp_path, monkeypatch)


def _checked(granted: Guarded, who: str, stages: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Return what `config check --connect` says to a principal about the needs of a service."""
    with monkeypatch.context() as patch:
        for name, value in granted.environment(who).items():
            if name.startswith("NEWS_"):
                patch.setenv(name, value)
        return run_command(["config", "check", *stages, "--connect"])


def _operate(granted: Guarded, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every command that operators have, as their principal, in the live pipeline and in a lane."""
    monkeypatch.setenv("NEWS_LANE", "again")  # the grants of the lane, by who may give them
    assert run_command(["topics", "acls", "--apply", *granted.cut]) == 0
    for name, value in granted.environment("operator").items():
        if name.startswith("NEWS_"):
            monkeypatch.setenv(name, value)
    size = "--partitions 2 --replication-factor 1"
    assert run_command(f"topics apply {size}".split()) == 0
    monkeypatch.delenv("NEWS_LANE")
    article_id = granted.cluster.read("news.articles.enriched.v1")[0].key.decode()
    for line in (
        f"topics plan {size}",
        f"topics apply {size}",
        "topics list",
        "dlq list",
        "dlq stats",
        "dlq show news.dlq.ingest.v1/0/0",
        "dlq replay --all",
        "replay --lane again --from 2026-01-01T00:00:00Z",
        "dedupe stats",
        f"dedupe explain {article_id}",
        f"dedupe rebuild --output {scratch / 'snapshots'}",
        "dedupe activate 1 --yes",
    ):
        assert run_command(line.split()) == 0, line
    assert len(granted.cluster.read("news.replays.v1")) == 1
    lane = TestCluster(granted.broker.bootstrap_servers, "again.", partitions=2)
    assert len(lane.read("news.articles.raw.v1")) == 3  # the article, what died, and what was sent back


def test_no_principal_can_access_another_topic(granted: Guarded) -> None:
    principals = sorted({grant.principal.removeprefix("User:news-") for grant in granted.grants})
    every = {spec.name for spec in granted.cluster.catalogue.topics}
    for who in principals:
        reads, writes = granted.topics(who, "Read"), granted.topics(who, "Write")
        assert _writable(granted.client(who), sorted(every)) == writes, who
        assert _readable(granted.client(who)) == reads, who
    assert set(principals) == {*granted.cluster.catalogue.stages, *PEOPLE}


def _writable(client: dict[str, Any], topics: list[str]) -> set[str]:
    producer = KafkaProducer(**client, enable_idempotence=False, max_block_ms=int(DENIED_SECS * 1000))
    found = set()
    try:
        for topic in topics:
            try:
                producer.send(topic, b"{}", key=b"k", partition=0).get(DENIED_SECS)
            except TopicAuthorizationFailedError:
                continue
            found.add(topic)
    finally:
        producer.close()
    return found


def _readable(client: dict[str, Any]) -> set[str]:
    """Return the topics with the right to read, from the broker: a consumer would wait for ever on a denied fetch."""
    with KafkaAdminClient(**client) as admin:
        return {topic["name"] for topic in admin.describe_topics() if "READ" in _names(topic["authorized_operations"])}


def _names(operations: Any) -> set[str]:
    return {str(operation) for operation in operations or ()}


def test_no_principal_can_use_a_group_or_transactional_id_of_another(granted: Guarded) -> None:
    """Describe groups and transactional ids: the right to use one implies the right to describe it."""
    stages = granted.cluster.catalogue.stages
    groups = {f"news-{name}" for name in (*stages, "replay", "search", "alert", "source-feeds")}
    identities = {f"news-{stage}-{topics.reads}-0" for stage, topics in stages.items()} | {
        "news-replay",
        "news-dlq-replay",
        "news-erase",
        "news-retract",
    }
    described = {
        "operator": ({"news-replay"}, {"news-replay", "news-dlq-replay"}),
        "eraser": (set[str](), {"news-erase", "news-retract"}),
        "monitor": ({f"news-{stage}" for stage in stages}, set[str]()),  # it shows their lag, and joins none
        "search": ({"news-search"}, set[str]()),  # its positions are shown in its group
        "alert": ({"news-alert"}, set[str]()),  # as those of the search
        "fetcher": ({"news-source-feeds"}, set[str]()),  # the number of its last batch
    }
    for who in (*PEOPLE, *stages):
        own_groups = {f"news-{who}"} if who in stages else set()
        own_identities = {name for name in identities if name.startswith(f"news-{who}-news.")}
        own_groups, own_identities = described.get(who, (own_groups, own_identities))
        with KafkaAdminClient(**granted.client(who)) as admin:
            seen = {name for name in groups if _let(lambda: admin.list_group_offsets({name: None}))}  # noqa: B023
            used = {name for name in identities if _let(lambda: admin.describe_transactions([name]))}  # noqa: B023
        assert (seen, used) == (own_groups, own_identities), who
    _begin_transactions(granted)


def _let(act: Any) -> bool:
    """Return whether the request is authorized; its result may be empty."""
    return not issubclass(
        _error(act) or object, GroupAuthorizationFailedError | TransactionalIdAuthorizationFailedError
    )


def _begin_transactions(granted: Guarded) -> None:
    """Use a group and a transactional id instead of describing them."""
    own, foreign = "news-classify", "news-publish"
    for group, raised in ((own, None), (foreign, GroupAuthorizationFailedError)):
        consumer = KafkaConsumer(**granted.client("classify"), group_id=group)
        try:
            assert _error(lambda: consumer.committed(TopicPartition("news.articles.localized.v1", 0))) is raised  # noqa: B023
        finally:
            consumer.close()
    for identity, raised in (
        (f"{own}-news.articles.localized.v1-0", None),
        (f"{foreign}-news.articles.classified.v1-0", TransactionalIdAuthorizationFailedError),
    ):
        producer = KafkaProducer(**granted.client("classify"), transactional_id=identity)
        try:
            assert _error(producer.init_transactions) is raised
        finally:
            producer.close()


def _error(act: Any) -> type[Exception] | None:
    try:
        act()
    except Exception as error:  # noqa: BLE001  # the test compares its class
        return type(error)
    return None
