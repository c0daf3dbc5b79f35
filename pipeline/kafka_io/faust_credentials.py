"""Encryption and authentication as arguments of `faust.App`."""

import faust
from faust.types.auth import CredentialsT

from pipeline.kafka_io.security import tls_context
from pipeline.settings import KafkaSettings

__all__ = ["faust_credentials"]


def faust_credentials(settings: KafkaSettings) -> CredentialsT | None:
    """Return the value of `faust.App(broker_credentials=…)`; None for PLAINTEXT.

    Faust derives the protocol from the credentials: SASL without a TLS context silently becomes SASL_PLAINTEXT, and
    `SSLCredentials` does not create a context itself.

    Raises:
        ConfigError: A certificate file cannot be read.
    """
    context = tls_context(settings)
    if settings.sasl_password is not None:
        return faust.SASLCredentials(
            username=settings.sasl_username,
            password=settings.sasl_password.get_secret_value(),
            mechanism=settings.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context=context) if context is not None else None
