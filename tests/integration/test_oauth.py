"""OAuth on Apache Kafka, which checks signature, audience and life of tokens, and ends connections that are too old."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from pipeline.errors import ConfigError
from pipeline.kafka_io.async_security import aiokafka_security
from pipeline.kafka_io.patches import install_patches
from pipeline.ops.lag import LagProbe
from pipeline.settings import KafkaSettings
from tests.brokers.apache import ApacheKafka
from tests.harness.cluster import TestCluster
from tests.harness.internals import restore_internals
from tests.harness.scenario import article, send
from tests.harness.token_endpoint import AUDIENCE, TokenEndpoint, token_endpoint
from tests.harness.workers import WorkerProcess, environment, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(240)]

CLIENT, SECRET = "news", "pass word/with=signs"
LOGIN = "org.apache.kafka.common.security.oauthbearer"
MODULE = "OAuthBearerLoginModule"
STORY = "The council met again on Monday and agreed to mend the bridge over the river before the first frost. " * 4
SESSION_SECS = 4  # Kafka ends a connection that is older and was not authenticated again


class Trusting:
    """A broker that trusts an endpoint."""

    def __init__(self, broker: ApacheKafka, endpoint: TokenEndpoint) -> None:
        self.broker, self.endpoint = broker, endpoint

    def variables(self, **changes: str) -> dict[str, str]:
        """Return the settings of a client as variables."""
        oauth = {"TOKEN_URL": f"{self.endpoint.url}/token", "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, **changes}
        return {
            "NEWS_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "NEWS_KAFKA__SASL_MECHANISM": "OAUTHBEARER",
            **{f"NEWS_KAFKA__OAUTH__{name}": value for name, value in oauth.items()},
        }

    def settings(self, **changes: str) -> KafkaSettings:
        """Return the same as settings."""
        given: dict[str, Any] = {"bootstrap_servers": self.broker.address("TOKEN"), "oauth": {}}
        for name, value in self.variables(**changes).items():
            group, _, field = name.removeprefix("NEWS_KAFKA__").lower().rpartition("__")
            (given["oauth"] if group else given)[field] = value
        return KafkaSettings.model_validate(given)


@pytest.fixture(scope="module")
def trusting(kafka_needed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trusting]:
    with token_endpoint(tmp_path_factory.mktemp("token"), CLIENT, SECRET) as endpoint:
        keys = f"{endpoint.url}/keys"
        listener = "listener.name.token.oauthbearer"
        properties = {
            "listener.name.token.sasl.enabled.mechanisms": "OAUTHBEARER",
            f"{listener}.sasl.jaas.config": f'{LOGIN}.{MODULE} required unsecuredLoginStringClaim_sub="broker";',
            f"{listener}.sasl.server.callback.handler.class": f"{LOGIN}.OAuthBearerValidatorCallbackHandler",
            f"{listener}.sasl.oauthbearer.jwks.endpoint.url": keys,
            f"{listener}.sasl.oauthbearer.expected.audience": AUDIENCE,
            f"{listener}.connections.max.reauth.ms": str(SESSION_SECS * 1000),
        }
        allowed = {"org.apache.kafka.sasl.oauthbearer.allowed.urls": keys}
        with ApacheKafka(properties=properties, listeners={"TOKEN": "SASL_PLAINTEXT"}, java=allowed) as broker:
            with KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers) as admin:
                admin.create_topics([NewTopic("secured", 1, 1)])
            yield Trusting(broker, endpoint)


async def test_every_client_connects_with_one_token(trusting: Trusting) -> None:
    settings = trusting.settings(SCOPE="once")
    asked = trusting.endpoint.asked
    common = {"bootstrap_servers": settings.bootstrap_servers, **aiokafka_security(settings)}
    async with AIOKafkaProducer(**common) as producer:
        sent = await producer.send_and_wait("secured", b"by token")
    async with AIOKafkaConsumer("secured", auto_offset_reset="earliest", **common) as consumer:
        read = await consumer.getone()
        while read.offset < sent.offset:
            read = await consumer.getone()
    assert read.value == b"by token"
    with closing(LagProbe(settings)) as probe:
        assert probe.of("nobody", ["secured"])["secured", 0].end > sent.offset
    assert trusting.endpoint.asked == asked + 1


async def _produce(producer: AIOKafkaProducer) -> None:
    try:
        await producer.start()
        await producer.send_and_wait("secured", b"never written")
    finally:
        await producer.stop()


async def test_a_token_that_the_broker_does_not_accept_is_refused(
    trusting: Trusting, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore_internals(monkeypatch)
    install_patches()
    settings = trusting.settings(SCOPE="forged")
    head, _, signature = trusting.endpoint.token(CLIENT).rpartition(".")
    forged = f"{head}.{signature[:-8]}{'A' * 8}"
    trusting.endpoint.answer = (200, f'{{"access_token": "{forged}"}}'.encode())
    try:
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.bootstrap_servers, request_timeout_ms=2000, **aiokafka_security(settings)
        )
    finally:
        trusting.endpoint.answer = None
    with pytest.raises(KafkaError, match=r"(?i)unable to bootstrap|authentication") as caught:
        await _produce(producer)
    assert forged not in str(caught.value)


def test_a_wrong_secret_is_told_before_the_broker_is_asked(trusting: Trusting) -> None:
    with pytest.raises(ConfigError, match="401 invalid_client"):
        aiokafka_security(trusting.settings(CLIENT_SECRET="wrong"))  # noqa: S106


def test_a_worker_outlives_its_tokens_and_sessions(trusting: Trusting, topic_prefix: str) -> None:
    """Kafka ends its connections, the endpoint fails for a while, tokens expire: articles still pass, each once."""
    cluster = TestCluster(trusting.broker.bootstrap_servers, topic_prefix, partitions=2)
    cluster.provision()
    endpoint = trusting.endpoint
    endpoint.life_secs = 6
    given = trusting.variables()
    try:
        with WorkerProcess(environment(trusting.broker.address("TOKEN"), topic_prefix, **given), ["ingest"]) as worker:
            worker.wait_ready()
            asked, count = endpoint.asked, 0
            until = time.monotonic() + 5 * SESSION_SECS
            while time.monotonic() < until:
                assert worker.alive
                endpoint.answer = (503, b"") if count in (6, 7) else None
                send(cluster, article(f"https://news.example/{count}", "The bridge", f"{count} {STORY}"))
                count += 1
                time.sleep(0.5)
            endpoint.answer = None
            wait_until(lambda: len(cluster.read("news.articles.normalized.v1")) >= count, seconds=60, what="articles")
            assert len(cluster.read("news.articles.normalized.v1")) == count
            assert endpoint.asked >= asked + 3, "tokens were renewed"
            assert SECRET not in worker.log_text()
            assert "Bearer" not in worker.log_text()
    finally:
        endpoint.life_secs, endpoint.answer = 600.0, None


def test_a_worker_with_a_wrong_secret_ends_with_the_reason(trusting: Trusting, topic_prefix: str) -> None:
    given = trusting.variables(CLIENT_SECRET="not-the-secret")  # noqa: S106
    with WorkerProcess(environment(trusting.broker.address("TOKEN"), topic_prefix, **given), ["ingest"]) as worker:
        assert worker.wait(60) == 78
        assert "refused the client: 401 invalid_client" in worker.log_text()
        assert "not-the-secret" not in worker.log_text()
