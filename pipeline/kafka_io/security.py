"""Encryption and authentication arguments for every Kafka client, derived from the settings in one place.

The client libraries accept incomplete configurations without an error, so they get a finished TLS context and complete
arguments. This module does not import aiokafka, because the command line uses it; `async_security` does.
"""

import ssl
from typing import Any

from kafka.errors import KafkaConnectionError
from kafka.net.sasl.oauth import AbstractTokenProvider

from pipeline.errors import ConfigError, TransientError
from pipeline.kafka_io.token_source import TokenSource, token_source
from pipeline.settings import KafkaSettings

__all__ = ["kafka_python_security", "security_arguments", "tls_context"]


def tls_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """Return a client context that verifies the broker and its name, or None for a plaintext protocol.

    Raises:
        ConfigError: A file cannot be read, or is not a PEM file of the expected kind.
    """
    if not settings.security_protocol.endswith("SSL"):
        return None
    try:
        context = ssl.create_default_context(cafile=str(settings.ssl_ca_file) if settings.ssl_ca_file else None)
    except OSError as error:
        raise ConfigError(f"ssl_ca_file {settings.ssl_ca_file}: {_reason(error)}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.ssl_cert_file is not None:
        # Always pass a password: without one, OpenSSL prompts on the terminal for an encrypted key, and a worker hangs.
        password = settings.ssl_key_password.get_secret_value() if settings.ssl_key_password is not None else ""
        try:
            context.load_cert_chain(settings.ssl_cert_file, settings.ssl_key_file, password)
        except (OSError, ValueError) as error:
            raise ConfigError(f"ssl_cert_file {settings.ssl_cert_file} with its key: {_reason(error)}") from error
    return context


def kafka_python_security(settings: KafkaSettings) -> dict[str, Any]:
    """Return keyword arguments of kafka-python's clients.

    Raises:
        ConfigError: As `tls_context`; or the token endpoint refuses the client.
        TransientError: The token endpoint did not answer.
    """
    source = token_source(settings)
    provider = None if source is None else _TokenProvider(source, settings.oauth.named_extensions)
    return security_arguments(settings, provider)


def security_arguments(settings: KafkaSettings, provider: Any) -> dict[str, Any]:
    """Return the keyword arguments, which both clients name alike, given the client's own provider of tokens, if any.

    Raises:
        ConfigError: As `tls_context`.
    """
    arguments: dict[str, Any] = {"security_protocol": settings.security_protocol}
    context = tls_context(settings)
    if context is not None:
        arguments["ssl_context"] = context
    if provider is not None:
        # MSK checks its signed tokens by the same mechanism: AWS_MSK_IAM is the name of its own protocol for Java.
        arguments["sasl_mechanism"] = "OAUTHBEARER"
        arguments["sasl_oauth_token_provider"] = provider
    elif settings.sasl_password is not None:
        arguments["sasl_mechanism"] = settings.sasl_mechanism
        arguments["sasl_plain_username"] = settings.sasl_username
        arguments["sasl_plain_password"] = settings.sasl_password.get_secret_value()
    return arguments


class _TokenProvider(AbstractTokenProvider):  # type: ignore[misc]  # the library has no types
    """Tokens as kafka-python asks for them."""

    def __init__(self, source: TokenSource, extensions: dict[str, str]) -> None:
        super().__init__()
        self._source, self._extensions = source, extensions

    def token(self) -> str:
        try:
            return self._source.token()
        except TransientError as error:
            raise KafkaConnectionError(str(error)) from error

    def extensions(self) -> dict[str, str]:
        return self._extensions


def _reason(error: OSError | ValueError) -> str:
    """Return the cause of an error without quoting the file's content."""
    if isinstance(error, ssl.SSLError):
        return error.reason or "not a readable PEM file"
    return getattr(error, "strerror", None) or type(error).__name__
