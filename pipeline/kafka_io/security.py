"""Encryption and authentication for every Kafka client, made from the settings in one place.

The client libraries forgive half a configuration, so they get a finished TLS context and complete arguments. Nothing
here imports a client: the command line uses it without loading the stream engine.
"""

import ssl
from typing import Any

from pipeline.errors import ConfigError
from pipeline.settings import KafkaSettings

__all__ = ["aiokafka_security", "kafka_python_security", "tls_context"]


def tls_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """Return a client context that verifies the broker and its name, or None for a plaintext protocol.

    Raises:
        ConfigError: A file cannot be read, or does not hold what it should.
    """
    if not settings.security_protocol.endswith("SSL"):
        return None
    try:
        context = ssl.create_default_context(cafile=str(settings.ssl_ca_file) if settings.ssl_ca_file else None)
    except OSError as error:
        raise ConfigError(f"ssl_ca_file {settings.ssl_ca_file}: {_reason(error)}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.ssl_cert_file is not None:
        # Always a password: without one OpenSSL asks on the terminal for that of an encrypted key, and a worker hangs.
        password = settings.ssl_key_password.get_secret_value() if settings.ssl_key_password is not None else ""
        try:
            context.load_cert_chain(settings.ssl_cert_file, settings.ssl_key_file, password)
        except (OSError, ValueError) as error:
            raise ConfigError(f"ssl_cert_file {settings.ssl_cert_file} with its key: {_reason(error)}") from error
    return context


def aiokafka_security(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments for aiokafka's consumer, producer and client."""
    arguments: dict[str, Any] = {"security_protocol": settings.security_protocol}
    context = tls_context(settings)
    if context is not None:
        arguments["ssl_context"] = context
    if settings.sasl_password is not None:
        arguments["sasl_mechanism"] = settings.sasl_mechanism
        arguments["sasl_plain_username"] = settings.sasl_username
        arguments["sasl_plain_password"] = settings.sasl_password.get_secret_value()
    return arguments


def kafka_python_security(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments for kafka-python's admin client, consumer and producer; they have the same names."""
    return aiokafka_security(settings)


def _reason(error: OSError | ValueError) -> str:
    """Say what is wrong with a file; never quotes it."""
    if isinstance(error, ssl.SSLError):
        return error.reason or "not a readable PEM file"
    return getattr(error, "strerror", None) or type(error).__name__
