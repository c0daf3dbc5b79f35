"""What a connection fails of, against sockets of this process; tests/integration has the same for brokers."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pipeline.errors import ConfigError, TransientError
from pipeline.kafka_io.connection_check import CheckParams, check_connection
from pipeline.ops.ready import free_port
from pipeline.settings import KafkaSettings

QUICK = CheckParams(answer_secs=0.5, guess_secs=0.3)


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen on a port, and serve each connection in turn; yield the address."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(10)

    def run() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                serve(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def silent(connection: socket.socket) -> None:
    while connection.recv(1024):
        pass


def closing(connection: socket.socket) -> None:
    connection.recv(1024)


def babbling(connection: socket.socket) -> None:
    connection.recv(1024)
    connection.sendall(b"220 mail.example ESMTP ready\r\n")


def http(connection: socket.socket) -> None:
    """Answer once there is a whole line, as HTTP servers do."""
    line = b""
    while b"\n" not in line:
        more = connection.recv(1024)
        if not more:
            return
        line += more
    connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")


def kafka(advertised: tuple[str, int]) -> Callable[[socket.socket], None]:
    """A broker that tells versions and where the brokers of its cluster are."""

    def answer(connection: socket.socket) -> None:
        while head := connection.recv(4):
            request = connection.recv(struct.unpack(">i", head)[0])
            (key,) = struct.unpack(">h", request[:2])
            host = advertised[0].encode()
            found = struct.pack(">ii", 1, 7) + struct.pack(">h", len(host)) + host
            metadata = found + struct.pack(">ih", advertised[1], -1) + struct.pack(">ii", 7, 0)
            body = struct.pack(">hihhh", 0, 1, 3, 0, 13) if key == 18 else metadata
            connection.sendall(struct.pack(">ii", len(body) + 4, 1) + body)

    return answer


def test_a_broker_is_listed() -> None:
    with server(silent) as other:
        host, _, port = other.rpartition(":")
        with server(kafka((host, int(port)))) as address:
            (listed,) = check_connection(KafkaSettings(bootstrap_servers=address), QUICK)
    assert (listed.node, listed.host, listed.port) == (7, host, int(port))


def test_an_advertised_name_that_does_not_resolve_is_named() -> None:
    with server(kafka(("kafka.invalid", 9092))) as address, pytest.raises(TransientError) as caught:
        check_connection(KafkaSettings(bootstrap_servers=address), QUICK)
    assert "the name kafka.invalid cannot be resolved" in str(caught.value)
    assert "advertised.listeners" in str(caught.value)


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL"])
@pytest.mark.parametrize(
    ("serve", "kind", "says"),
    [
        (silent, TransientError, "no answer from"),
        (http, ConfigError, "is an HTTP server"),
        (babbling, ConfigError, ""),
    ],
)
def test_a_port_that_is_no_broker(
    protocol: str, serve: Callable[[socket.socket], None], kind: type[Exception], says: str
) -> None:
    with server(serve) as address, pytest.raises(kind) as caught:
        check_connection(
            KafkaSettings.model_validate({"bootstrap_servers": address, "security_protocol": protocol}), QUICK
        )
    assert says in str(caught.value)
    assert address in str(caught.value)


def test_a_connection_that_is_closed_may_be_a_broker_that_starts() -> None:
    with server(closing) as address, pytest.raises(TransientError, match="closed the connection"):
        check_connection(KafkaSettings(bootstrap_servers=address), QUICK)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (f"127.0.0.1:{free_port()}", "refuses connections: no broker listens there"),
        ("kafka.invalid:9092", "the name kafka.invalid cannot be resolved"),
    ],
    ids=["refused", "unknown name"],  # the port differs between the processes of a run
)
def test_what_may_pass_is_worth_a_restart(address: str, says: str) -> None:
    with pytest.raises(TransientError) as caught:
        check_connection(KafkaSettings(bootstrap_servers=address), QUICK)
    assert says in str(caught.value)


def test_a_mistake_counts_more_than_a_server_that_is_down() -> None:
    with server(http) as address, pytest.raises(ConfigError) as caught:
        check_connection(KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()},{address}"), QUICK)
    assert "refuses connections" in str(caught.value)
    assert "is an HTTP server" in str(caught.value)
