"""Why a cluster cannot be used with these settings, in one sentence, before any client retries in vain.

A mistake of the settings is a `ConfigError`, because a restart repeats it; what may pass by itself is a
`TransientError`. A name that does not resolve belongs to the second kind: in Kubernetes, names come and go with pods.
"""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from kafka.errors import KafkaError
from msgspec import Struct

from pipeline.errors import ConfigError, TransientError
from pipeline.kafka_io.first_contact import (
    ClosedError,
    ForeignAnswerError,
    Listed,
    Refused,
    authenticate,
    brokers,
    mechanisms,
    versions,
)
from pipeline.kafka_io.security import kafka_python_security
from pipeline.settings import KafkaSettings

__all__ = ["CheckParams", "check_connection"]

_METADATA, _METADATA_VERSION = 3, 1
_HTTP = b"HTTP/"
# OpenSSL's codes of verification errors (x509_vfy.h).
_NAME_MISMATCH = frozenset({62, 64})
_OUT_OF_DATE = frozenset({9, 10})
# Alerts of TLS with which a broker refuses the certificate of a client, or the lack of one.
_CLIENT_REFUSED = ("CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA", "ALERT_CERTIFICATE_UNKNOWN")


class CheckParams(Struct, frozen=True):
    """How long to wait: `answer_secs` for each step, `guess_secs` when finding out what an unexpected port speaks."""

    answer_secs: float = 5.0  # a reachable broker answers in milliseconds, across continents in half a second
    guess_secs: float = 1.0


DEFAULTS = CheckParams()


def check_connection(kafka: KafkaSettings, params: CheckParams = DEFAULTS) -> list[Listed]:
    """Connect and authenticate as a client would; return the brokers that the cluster advertises. Blocks.

    Raises:
        ConfigError: Certificates, names, passwords, mechanisms, the protocol or the port do not fit.
        TransientError: No bootstrap server can be reached, or none of the advertised brokers.
    """
    security = kafka_python_security(kafka)
    failed: list[ConfigError | TransientError] = []
    for server in kafka.servers:
        try:
            return _Contact(server, kafka, security, params).make()
        except (ConfigError, TransientError) as error:
            failed.append(error)
    kind = ConfigError if any(isinstance(error, ConfigError) for error in failed) else TransientError
    raise kind("\n".join(dict.fromkeys(str(error) for error in failed)))


class _Contact:
    """One attempt to use one bootstrap server."""

    def __init__(self, server: str, kafka: KafkaSettings, security: dict[str, Any], params: CheckParams) -> None:
        self._server = server
        host, _, port = server.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._kafka, self._security, self._params = kafka, security, params
        self._protocol = kafka.security_protocol

    def make(self) -> list[Listed]:
        try:
            with self._connected() as connection:
                known = versions(connection, self._kafka.client_id)
                if self._kafka.authenticates_by is not None:
                    self._authenticate(connection)
                low, high = known.get(_METADATA, (0, 0))
                if not low <= _METADATA_VERSION <= high:
                    return []
                listed = self._brokers(connection)
        except ssl.SSLError as error:
            raise self._tls_error(error) from error
        except TimeoutError as error:
            raise self._foreign() or self._timed_out() from error
        except (ClosedError, ConnectionResetError, BrokenPipeError) as error:
            raise self._foreign() or TransientError(f"{self._server} closed the connection") from error
        except ForeignAnswerError as error:
            raise self._foreign() or ConfigError(f"{self._server} does not speak Kafka's protocol") from error
        self._reach(listed)
        return listed

    @contextlib.contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        """Yield a connection, encrypted if the protocol is."""
        with _connect(self._host, self._port, self._params.answer_secs) as plain:
            context = self._security.get("ssl_context")
            if context is None:
                yield plain
                return
            try:
                encrypted = context.wrap_socket(plain, server_hostname=self._host)
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
                raise ClosedError from error
            with encrypted:
                yield encrypted

    def _authenticate(self, connection: socket.socket) -> None:
        client, mechanism = self._kafka.client_id, self._security["sasl_mechanism"]
        refused = mechanisms(connection, client, mechanism)
        if refused is None:
            try:
                refused = authenticate(connection, client, self._security)
            except ValueError as error:
                raise ConfigError(f"{self._server}: {mechanism} failed: {error}") from error
            except KafkaError as error:
                raise TransientError(f"no token for {self._server}: {error}") from error
        if refused is not None:
            raise ConfigError(f"{self._server} {self._refusal(refused, mechanism)}")

    def _refusal(self, refused: Refused, mechanism: str) -> str:
        if refused.has_no_sasl:
            return (
                f"does not authenticate clients, but NEWS_KAFKA__SECURITY_PROTOCOL is {self._protocol}: choose "
                f"{'SSL' if self._protocol == 'SASL_SSL' else 'PLAINTEXT'}, or another port"
            )
        if refused.lacks_mechanism:
            offered = ", ".join(refused.offered) or "none"
            return f"does not offer {mechanism} (NEWS_KAFKA__SASL_MECHANISM); it offers {offered}"
        what = "the token" if mechanism == "OAUTHBEARER" else "the user name or the password"
        return f"refuses {what} ({mechanism}): {refused.message or f'error {refused.code}'}"

    def _brokers(self, connection: socket.socket) -> list[Listed]:
        try:
            return brokers(connection, self._kafka.client_id)
        except (ClosedError, ConnectionError) as error:
            # A listener answers everybody who asks for versions, and nobody who did not authenticate anything else.
            if self._kafka.authenticates_by is not None:
                raise
            wanted = f"SASL_{'SSL' if self._protocol == 'SSL' else 'PLAINTEXT'}"
            raise ConfigError(
                f"{self._server} wants clients to authenticate, but NEWS_KAFKA__SECURITY_PROTOCOL is {self._protocol}: "
                f"choose {wanted}, or another port"
            ) from error

    def _reach(self, listed: list[Listed]) -> None:
        """Check that one of the brokers can be reached where it says it is."""
        if not listed or any((one.host, one.port) == (self._host, self._port) for one in listed):
            return
        reasons = []
        for one in listed:
            try:
                _connect(one.host, one.port, self._params.answer_secs).close()
            except (TransientError, TimeoutError) as error:
                reasons.append(str(error) if isinstance(error, TransientError) else f"{one.host}:{one.port} is silent")
            else:
                return
        raise TransientError(
            f"{self._server} answers, but the addresses that its cluster advertises cannot be reached from here: "
            f"{'; '.join(reasons)} (advertised.listeners of the brokers)"
        )

    # -- what went wrong

    def _tls_error(self, error: ssl.SSLError) -> ConfigError:
        if isinstance(error, ssl.SSLCertVerificationError):
            if error.verify_code in _NAME_MISMATCH:
                return ConfigError(
                    f"the certificate of {self._server} is for another host: connect to a name that it contains"
                )
            if error.verify_code in _OUT_OF_DATE:
                return ConfigError(f"the certificate of {self._server} is not valid now: {error.verify_message}")
            return ConfigError(
                f"the certificate of {self._server} is not trusted ({error.verify_message}): "
                "NEWS_KAFKA__SSL_CA_FILE must contain the authority that issued it"
            )
        reason = error.reason or ""
        if any(alert in reason for alert in _CLIENT_REFUSED):
            return ConfigError(
                f"{self._server} refuses the client certificate, or the lack of one ({reason}): "
                "see NEWS_KAFKA__SSL_CERT_FILE and NEWS_KAFKA__SSL_KEY_FILE"
            )
        return self._foreign() or ConfigError(f"no TLS with {self._server}: {reason or type(error).__name__}")

    def _foreign(self) -> ConfigError | None:
        """Find out what a port speaks that did not answer as expected; None when that is not clear."""
        is_encrypted = self._protocol.endswith("SSL")
        if self._speaks_http():
            return ConfigError(
                f"{self._server} is an HTTP server, not a Kafka broker: see NEWS_KAFKA__BOOTSTRAP_SERVERS"
            )
        if is_encrypted and self._speaks_plain_kafka():
            return ConfigError(
                f"{self._server} does not encrypt, but NEWS_KAFKA__SECURITY_PROTOCOL is {self._protocol}: choose "
                f"{self._protocol.replace('SSL', 'PLAINTEXT')}, or the port for TLS"
            )
        if not is_encrypted and self._speaks_tls():
            return ConfigError(
                f"{self._server} speaks TLS, but NEWS_KAFKA__SECURITY_PROTOCOL is {self._protocol}: choose "
                f"{self._protocol.replace('PLAINTEXT', 'SSL')}, or the port without TLS"
            )
        return None

    def _speaks_http(self) -> bool:
        with contextlib.suppress(OSError, TransientError), self._guessing() as connection:
            connection.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            return connection.recv(len(_HTTP)) == _HTTP
        return False

    def _speaks_plain_kafka(self) -> bool:
        with contextlib.suppress(OSError, TransientError, ClosedError, ForeignAnswerError):
            with self._guessing() as connection:
                versions(connection, self._kafka.client_id)
            return True
        return False

    def _speaks_tls(self) -> bool:
        context = ssl.create_default_context()
        try:
            with self._guessing() as connection:
                context.wrap_socket(connection, server_hostname=self._host).close()
        except ssl.SSLCertVerificationError:
            return True  # it showed a certificate; whose it is does not matter here
        except (OSError, TransientError):
            return False
        return True

    def _guessing(self) -> socket.socket:
        return _connect(self._host, self._port, self._params.guess_secs)

    def _timed_out(self) -> TransientError:
        return TransientError(
            f"no answer from {self._server} within {self._params.answer_secs:.0f} s: is the address right, and does a "
            "firewall let it pass?"
        )


def _connect(host: str, port: int, timeout_secs: float) -> socket.socket:
    """Open a connection.

    Raises:
        TransientError: The name does not resolve, or nobody listens.
        TimeoutError: No answer.
    """
    try:
        return socket.create_connection((host, port), timeout_secs)
    except socket.gaierror as error:
        raise TransientError(f"the name {host} cannot be resolved ({error.strerror})") from error
    except ConnectionRefusedError as error:
        raise TransientError(f"{host}:{port} refuses connections: no broker listens there") from error
    except TimeoutError:
        raise
    except OSError as error:
        raise TransientError(f"{host}:{port} cannot be reached: {error.strerror or type(error).__name__}") from error
