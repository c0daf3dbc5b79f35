"""Wait for a broker that was just started; find free ports."""

import logging
import socket
import time
from collections.abc import Callable

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

__all__ = ["answers", "free_port", "is_free", "wait_until_ready"]

POLL_SECS = 0.1


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port on which nobody listens at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(host: str, port: int) -> bool:
    """Return whether a server can listen on a port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(host: str, port: int, cluster_id: str) -> bool:
    """Return whether a broker answers a metadata request with this cluster id, so that it is the one just started."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    try:
        with KafkaAdminClient(bootstrap_servers=f"{host}:{port}", bootstrap_timeout_ms=2000) as admin:
            cluster = admin.describe_cluster()
            return bool(cluster["brokers"]) and cluster["cluster_id"] == cluster_id
    except KafkaError as error:
        logging.getLogger(__name__).debug("broker not ready: %s", type(error).__name__)
        return False


def wait_until_ready(host: str, port: int, cluster_id: str, *, timeout_secs: float, alive: Callable[[], bool]) -> bool:
    """Wait for the first answer of a broker.

    Args:
        host: Its address.
        port: Its port.
        cluster_id: Its cluster id.
        timeout_secs: How long to wait.
        alive: Returns whether its process runs.

    Returns:
        False when the process ended or the time is up.
    """
    deadline = time.monotonic() + timeout_secs
    while alive() and time.monotonic() < deadline:
        if answers(host, port, cluster_id):
            return True
        time.sleep(POLL_SECS)
    return False
