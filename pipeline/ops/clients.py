"""Kafka clients of kafka-python, made from the settings, with failures said in a line."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, UnknownError, UnsupportedVersionError

from pipeline.errors import ConfigError, NoTransactionsError, TransientError
from pipeline.kafka_io.security import kafka_python_security
from pipeline.settings import KafkaSettings, Settings
from pipeline.wire.catalogue import Catalogue, TopicSpec, load_catalogue, topic_prefix

__all__ = ["admin_client", "catalogue_for", "consumer", "copy_producer", "raw_producer", "require_topic"]

_BOOTSTRAP_TIMEOUT_MS = 10_000  # somebody waits at a terminal; a cluster that is there answers in milliseconds
_REQUEST_OVERHEAD_BYTES = 64 * 1024  # the request around one record: names, batch header


def catalogue_for(settings: Settings) -> Catalogue:
    """Return the topics of the settings' environment and lane."""
    return load_catalogue(topic_prefix(settings.kafka.topic_prefix, settings.lane))


@contextmanager
def admin_client(kafka: KafkaSettings) -> Iterator[Any]:
    """Give an admin client.

    Raises:
        TransientError: The cluster cannot be reached.
    """
    with _connected(KafkaAdminClient, kafka) as client:
        yield client


def require_topic(kafka: KafkaSettings, name: str) -> None:
    """Raise ConfigError when the cluster has no such topic: clients wait for it, or have the broker make it."""
    with admin_client(kafka) as admin:
        if name not in admin.list_topics():
            raise ConfigError(f"{name} is not on the cluster; `news-pipeline topics apply` creates our topics")


@contextmanager
def raw_producer(kafka: KafkaSettings, spec: TopicSpec) -> Iterator[Any]:
    """Give a producer that waits for all replicas and sends nothing twice, sized for the topic; see `admin_client`."""
    with _connected(KafkaProducer, kafka, **_safe(spec.max_message_bytes)) as client:
        yield client


@contextmanager
def copy_producer(settings: Settings, largest_bytes: int, transactional_id: str) -> Iterator[Any]:
    """Give a producer as `raw_producer` does, ready for transactions where the settings ask for them.

    Raises:
        NoTransactionsError: The broker has no transactions.
    """
    arguments = _safe(largest_bytes)
    transactional = settings.guarantee == "exactly_once"
    if transactional:
        # Short: a transaction that is left open by a kill holds back whoever reads the topic, live workers too.
        arguments |= {"transactional_id": transactional_id, "transaction_timeout_ms": settings.transaction_timeout_ms}
    with _connected(KafkaProducer, settings.kafka, **arguments) as client:
        if transactional:
            try:
                client.init_transactions()
            except (UnsupportedVersionError, UnknownError) as error:
                raise NoTransactionsError from error
        yield client


def _safe(largest_bytes: int) -> dict[str, Any]:
    """Return the arguments of a producer that loses nothing and sends nothing twice."""
    return {
        "acks": "all",
        "enable_idempotence": True,
        "max_request_size": largest_bytes + _REQUEST_OVERHEAD_BYTES,
        "linger_ms": 5,
        "allow_auto_create_topics": False,
    }


@contextmanager
def consumer(kafka: KafkaSettings, **arguments: Any) -> Iterator[Any]:
    """Give a consumer that reads committed records only; see `admin_client`."""
    with _connected(
        KafkaConsumer, kafka, isolation_level="read_committed", allow_auto_create_topics=False, **arguments
    ) as client:
        yield client


@contextmanager
def _connected(kind: Any, kafka: KafkaSettings, **arguments: Any) -> Iterator[Any]:
    # The client logs every failed attempt; what the user needs to know is said once, below.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        client = kind(
            bootstrap_servers=list(kafka.servers),
            client_id=kafka.client_id,
            bootstrap_timeout_ms=_BOOTSTRAP_TIMEOUT_MS,
            **kafka_python_security(kafka),
            **arguments,
        )
    except KafkaTimeoutError as error:
        raise TransientError(f"no answer from {kafka.bootstrap_servers} (NEWS_KAFKA__BOOTSTRAP_SERVERS)") from error
    except KafkaError as error:
        raise TransientError(f"no way into {kafka.bootstrap_servers}: {error}") from error
    try:
        yield client
    except KafkaError as error:
        raise TransientError(f"{kafka.bootstrap_servers}: {error}") from error
    finally:
        client.close()
