"""The first bytes of a connection to a broker, on a plain socket: versions, authentication, the brokers it names.

The client libraries try again whatever went wrong, and tell a wrong password from a host that is down in their logs
only. Here each step fails by itself, with the answer that it got. Layouts: Kafka's protocol guide, in versions that
every broker since 1.0 has.
"""

import socket
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from kafka.net.sasl import get_sasl_mechanism

__all__ = [
    "ClosedError",
    "ForeignAnswerError",
    "Listed",
    "Refused",
    "authenticate",
    "brokers",
    "mechanisms",
    "versions",
]

_API_VERSIONS, _HANDSHAKE, _AUTHENTICATE, _METADATA = 18, 17, 36, 3
_CORRELATION = 1
_MOST_BYTES = 1 << 20  # of an answer; a list of brokers has a few hundred bytes each
_UNSUPPORTED_MECHANISM, _ILLEGAL_STATE = 33, 34


class ClosedError(Exception):
    """The other side closed the connection instead of answering."""


class ForeignAnswerError(Exception):
    """The answer is none of Kafka's; `args[0]` has its first bytes."""


class Refused(NamedTuple):
    """Why a broker does not authenticate: its code and message, and the mechanisms that it offers if it said so."""

    code: int
    message: str = ""
    offered: tuple[str, ...] = ()

    @property
    def has_no_sasl(self) -> bool:
        """Whether the listener authenticates nobody."""
        return self.code == _ILLEGAL_STATE

    @property
    def lacks_mechanism(self) -> bool:
        """Whether the mechanism is not offered."""
        return self.code == _UNSUPPORTED_MECHANISM


class Listed(NamedTuple):
    """A broker as the cluster advertises it."""

    node: int
    host: str
    port: int


class _Answer:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def number(self, layout: str) -> int:
        size = struct.calcsize(layout)
        if self._at + size > len(self._data):
            raise ForeignAnswerError(self._data[:16])
        (found,) = struct.unpack_from(layout, self._data, self._at)
        self._at += size
        return int(found)

    def content(self, size: int) -> bytes:
        found = self._data[self._at : self._at + max(0, size)]
        if len(found) != max(0, size):
            raise ForeignAnswerError(self._data[:16])
        self._at += len(found)
        return found

    def text(self) -> str:
        return self.content(self.number(">h")).decode("utf-8", "replace")

    def each(self, read: Callable[[], Any]) -> list[Any]:
        return [read() for _ in range(self.number(">i"))]


def versions(connection: socket.socket, client_id: str) -> dict[int, tuple[int, int]]:
    """Return the lowest and highest version of each request that the broker knows.

    Raises:
        ClosedError: No answer, but the end of the connection.
        ForeignAnswerError: The other side speaks another protocol.
        OSError: The connection broke, or the answer did not come in time.
    """
    answer = _ask(connection, _API_VERSIONS, 0, client_id)
    answer.number(">h")
    return {key: span for key, *span in answer.each(lambda: tuple(answer.number(">h") for _ in range(3)))}


def mechanisms(connection: socket.socket, client_id: str, mechanism: str) -> Refused | None:
    """Ask for a mechanism of SASL; return why the broker will not use it, or None. Raises as `versions`."""
    answer = _ask(connection, _HANDSHAKE, 1, client_id, _text(mechanism))
    code = answer.number(">h")
    offered = tuple(sorted(answer.each(answer.text)))
    return Refused(code, offered=offered) if code else None


def authenticate(connection: socket.socket, client_id: str, arguments: dict[str, Any]) -> Refused | None:
    """Authenticate after `mechanisms`; return why the broker refuses, or None.

    Args:
        connection: The connection.
        client_id: Name of the client.
        arguments: The arguments of kafka-python's clients, from which its mechanism is made.

    Raises:
        ValueError: The broker's proof of knowing the password is wrong.
        KafkaError: There is no token.
        OSError, ClosedError, ForeignAnswerError: As `versions`.
    """
    mechanism = get_sasl_mechanism(arguments["sasl_mechanism"])(**arguments)
    while not mechanism.is_done():
        sent = mechanism.auth_bytes()
        answer = _ask(connection, _AUTHENTICATE, 0, client_id, struct.pack(">i", len(sent)) + sent)
        code, message = answer.number(">h"), answer.text()
        content = answer.content(answer.number(">i")) if not code else b""
        if code:
            return Refused(code, message)
        if arguments["sasl_mechanism"] == "OAUTHBEARER" and content:
            return Refused(0, "the token is not accepted")  # RFC 7628: the answer to a good token is empty
        mechanism.receive(content)
    return None


def brokers(connection: socket.socket, client_id: str) -> list[Listed]:
    """Return the brokers of the cluster as it advertises them. Raises as `versions`."""
    answer = _ask(connection, _METADATA, 1, client_id, struct.pack(">i", 0))

    def one() -> Listed:
        found = Listed(answer.number(">i"), answer.text(), answer.number(">i"))
        answer.text()  # its rack
        return found

    return answer.each(one)


def _ask(connection: socket.socket, key: int, version: int, client_id: str, body: bytes = b"") -> _Answer:
    request = struct.pack(">hhi", key, version, _CORRELATION) + _text(client_id) + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    head = _read(connection, 8)
    size, correlation = struct.unpack(">ii", head)
    if correlation != _CORRELATION or not 4 <= size <= _MOST_BYTES:
        raise ForeignAnswerError(head)
    return _Answer(_read(connection, size - 4))


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more and len(data) > 4:
            raise ForeignAnswerError(data)
        if not more:
            raise ClosedError
        data += more
    return data


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">h", len(encoded)) + encoded
