"""Encryption and authentication arguments of aiokafka's clients."""

import asyncio
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError

from pipeline.errors import TransientError
from pipeline.kafka_io.security import security_arguments
from pipeline.kafka_io.token_source import TokenSource, token_source
from pipeline.settings import KafkaSettings

__all__ = ["aiokafka_security"]


def aiokafka_security(settings: KafkaSettings) -> dict[str, Any]:
    """Return keyword arguments of aiokafka's consumer, producer and client.

    Raises:
        ConfigError: A certificate or key cannot be loaded, or the token endpoint refuses the client.
        TransientError: The token endpoint did not answer.
    """
    source = token_source(settings)
    provider = None if source is None else _TokenProvider(source, settings.oauth.named_extensions)
    return security_arguments(settings, provider)


class _TokenProvider(AbstractTokenProvider):  # type: ignore[misc]  # the library has no types
    """Tokens as aiokafka asks for them: without blocking the event loop."""

    def __init__(self, source: TokenSource, extensions: dict[str, str]) -> None:
        self._source, self._extensions = source, extensions

    async def token(self) -> str:
        try:
            return await asyncio.to_thread(self._source.token)
        except TransientError as error:
            # Its own class, so that it tries again like after a refused connection.
            raise KafkaConnectionError(str(error)) from error

    def extensions(self) -> dict[str, str]:
        return self._extensions
