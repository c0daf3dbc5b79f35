"""The settings as faust wants them."""

import faust
from faust.types.auth import CredentialsT

from pipeline.kafka_io.security import tls_context
from pipeline.settings import KafkaSettings

__all__ = ["faust_credentials"]


def faust_credentials(settings: KafkaSettings) -> CredentialsT | None:
    """Return what `faust.App(broker_credentials=…)` takes; None for PLAINTEXT.

    Faust derives the protocol from what it is given: without a context SASL silently is SASL_PLAINTEXT, and
    SSLCredentials cannot make a context itself.
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
