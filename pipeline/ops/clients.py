"""Kafka clients of kafka-python, made from the settings; their failures become errors with one-line messages."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, UnknownError, UnsupportedVersionError

from pipeline.errors import ConfigError, NoTransactionsError, TransientError
from pipeline.kafka_io.connection_check import check_connection
from pipeline.kafka_io.security import kafka_python_security
from pipeline.ops.bounded_batches import install_bounded_batches
from pipeline.settings import KafkaSettings, Settings
from pipeline.wire.catalogue import REQUEST_OVERHEAD_BYTES, Catalogue, TopicSpec, load_catalogue, topic_prefix
from pipeline.wire.topic_override import read_override

__all__ = ["admin_client", "catalogue_for", "consumer", "raw_producer", "require_topics", "resend_producer"]

HOUR_SECS = 3600
_POLLED_RECORDS = 8
_BOOTSTRAP_TIMEOUT_MS = 10_000  # a user waits at a terminal; a reachable cluster answers in milliseconds


def catalogue_for(settings: Settings) -> Catalogue:
    """Return the topics of the settings' environment and lane, with the values that override the catalogue's.

    Raises:
        ConfigError: The file with these values is missing, or does not fit.
    """
    catalogue = load_catalogue(topic_prefix(settings.kafka.topic_prefix, settings.lane))
    if settings.topics_override_file is None:
        return catalogue
    window_hours = settings.dedup.exact_window_secs / HOUR_SECS
    return read_override(settings.topics_override_file).applied_to(catalogue, window_hours)


@contextmanager
def admin_client(kafka: KafkaSettings) -> Iterator[Any]:
    """Yield an admin client.

    Raises:
        ConfigError: The settings of the connection do not fit.
        TransientError: The cluster cannot be reached.
    """
    with _connected(KafkaAdminClient, kafka) as client:
        yield client


def require_topics(kafka: KafkaSettings, *names: str) -> None:
    """Check that topics exist: clients would wait for a missing one, or make the broker create it.

    Raises:
        ConfigError: A topic is not on the cluster, or the settings of the connection do not fit.
        TransientError: The cluster cannot be reached.
    """
    with admin_client(kafka) as admin:
        existing = admin.list_topics()
    for name in names:
        if name not in existing:
            raise ConfigError(f"topic {name} is not on the cluster; `news-pipeline topics apply` creates ours")


@contextmanager
def raw_producer(kafka: KafkaSettings, spec: TopicSpec) -> Iterator[Any]:
    """Yield an idempotent producer that waits for all replicas and accepts the largest record of a topic.

    Raises:
        ConfigError: The settings of the connection do not fit.
        TransientError: The cluster cannot be reached.
    """
    with _connected(KafkaProducer, kafka, **_safe(spec.max_message_bytes)) as client:
        yield client


@contextmanager
def resend_producer(settings: Settings, largest_bytes: int, transactional_id: str) -> Iterator[Any]:
    """Yield a producer as `raw_producer` does; with `exactly_once`, its transactions are initialised.

    Args:
        settings: The cluster and the guarantee.
        largest_bytes: Size of the largest record that will be sent.
        transactional_id: A second producer of this id fences the first.

    Raises:
        NoTransactionsError: The broker has no transactions, and the settings require them.
        TransientError: The cluster cannot be reached.
    """
    arguments = _safe(largest_bytes)
    transactional = settings.guarantee == "exactly_once"
    if transactional:
        # A transaction that a killed command leaves open blocks all readers of the topic until this timeout.
        arguments |= {"transactional_id": transactional_id, "transaction_timeout_ms": settings.transaction_timeout_ms}
    with _connected(KafkaProducer, settings.kafka, **arguments) as client:
        if transactional:
            try:
                client.init_transactions()
            except (UnsupportedVersionError, UnknownError) as error:
                raise NoTransactionsError from error
        yield client


def _safe(largest_bytes: int) -> dict[str, Any]:
    """Return the arguments of an idempotent producer that waits for all replicas."""
    return {
        "acks": "all",
        "enable_idempotence": True,
        "max_request_size": largest_bytes + REQUEST_OVERHEAD_BYTES,
        "linger_ms": 5,
        "allow_auto_create_topics": False,
    }


@contextmanager
def consumer(kafka: KafkaSettings, **arguments: Any) -> Iterator[Any]:
    """Yield a consumer that reads committed records only, few at a time: each of them may be large.

    Raises:
        ConfigError: The settings of the connection do not fit.
        TransientError: The cluster cannot be reached.
    """
    install_bounded_batches()
    with _connected(
        KafkaConsumer,
        kafka,
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        max_poll_records=_POLLED_RECORDS,
        **arguments,
    ) as client:
        yield client


@contextmanager
def _connected(kind: Any, kafka: KafkaSettings, **arguments: Any) -> Iterator[Any]:
    # The client logs every failed attempt; the errors below report the failure once.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    check_connection(kafka)
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
        raise TransientError(f"cannot connect to {kafka.bootstrap_servers}: {error}") from error
    try:
        yield client
    except KafkaError as error:
        raise TransientError(f"{kafka.bootstrap_servers}: {error}") from error
    finally:
        client.close()
