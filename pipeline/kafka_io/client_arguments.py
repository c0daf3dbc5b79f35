"""Keyword arguments of aiokafka's clients, made from the settings."""

from typing import Any

from pipeline.kafka_io.async_security import aiokafka_security
from pipeline.kafka_io.producers import BATCH_BYTES
from pipeline.settings import Settings

__all__ = ["connection_arguments", "consumer_arguments", "producer_arguments"]


def connection_arguments(settings: Settings) -> dict[str, Any]:
    """Return what every client takes: servers, client id, request time-out, security.

    Raises:
        ConfigError: A certificate or key cannot be loaded.
    """
    kafka = settings.kafka
    return {
        "bootstrap_servers": list(kafka.servers),
        "client_id": kafka.client_id,
        "request_timeout_ms": int(kafka.request_timeout_secs * 1000),
        **aiokafka_security(kafka),
    }


def consumer_arguments(settings: Settings, connection: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the group's consumer, given those of every client."""
    kafka, fetch = settings.kafka, settings.fetch
    return {
        **connection,
        "session_timeout_ms": int(kafka.session_timeout_secs * 1000),
        "heartbeat_interval_ms": int(kafka.heartbeat_interval_secs * 1000),
        "rebalance_timeout_ms": int(kafka.rebalance_timeout_secs * 1000),
        "max_partition_fetch_bytes": fetch.max_partition_bytes,
        "fetch_max_bytes": fetch.max_bytes,
        "fetch_max_wait_ms": fetch.max_wait_ms,
    }


def producer_arguments(settings: Settings, connection: dict[str, Any], max_request_size: int) -> dict[str, Any]:
    """Return the arguments of producers.

    Args:
        settings: The settings, for the compression.
        connection: The arguments of every client.
        max_request_size: Bytes of the largest request, from the sizes of the topics.
    """
    return {
        **connection,
        "max_batch_size": BATCH_BYTES,
        "max_request_size": max_request_size,
        "compression_type": settings.kafka.compression,
    }
