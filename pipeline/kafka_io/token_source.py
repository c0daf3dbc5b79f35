"""Tokens for SASL OAUTHBEARER: got when needed, kept while they are valid, renewed before they expire."""

import threading
import time
from collections.abc import Callable
from functools import cache, partial

from msgspec import Struct

from pipeline.errors import ConfigError, TransientError
from pipeline.kafka_io.client_credentials import client_credentials
from pipeline.kafka_io.msk_token import msk_token
from pipeline.kafka_io.token import Token
from pipeline.settings import KafkaSettings

__all__ = ["TokenParams", "TokenSource", "token_source"]


class TokenParams(Struct, frozen=True):
    """When tokens are renewed.

    `renew_share` is the part of a token's life after which it is renewed, as in Kafka's own client
    (sasl.login.refresh.window.factor). `retry_secs` is the time until the next attempt while the old one is valid.
    """

    renew_share: float = 0.8
    retry_secs: float = 10.0


DEFAULTS = TokenParams()


class TokenSource:
    """Gives out one token to all clients of a process; threads may share it."""

    def __init__(
        self,
        fetch: Callable[[], Token],
        *,
        params: TokenParams = DEFAULTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep nothing yet.

        Args:
            fetch: Returns a new token. It may block, and raise ConfigError or TransientError.
            params: When tokens are renewed.
            clock: Seconds that only increase.
        """
        self._fetch, self._params, self._clock = fetch, params, clock
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = self._ends_at = 0.0

    def token(self) -> str:
        """Return a valid token, a new one if the last is due for renewal.

        Raises:
            ConfigError: The first token was refused.
            TransientError: There is no valid token, and none can be got at present.
        """
        with self._lock:
            if not self._token or self._clock() >= self._renew_at:
                self._renew()
            return self._token

    def _renew(self) -> None:
        asked = self._clock()
        try:
            fresh = self._fetch()
        except (ConfigError, TransientError) as error:
            if not self._token:
                raise
            # Credentials that worked may be about to be replaced, so a refusal is no reason to end the worker.
            if asked >= self._ends_at:
                raise TransientError(str(error)) from error
            self._renew_at = min(asked + self._params.retry_secs, self._ends_at)
        else:
            self._token = fresh.text
            self._renew_at = asked + fresh.life_secs * self._params.renew_share
            self._ends_at = asked + fresh.life_secs


@cache
def token_source(settings: KafkaSettings) -> TokenSource | None:
    """Return the source that all clients with these settings share, or None for mechanisms without tokens.

    It has a token, so that wrong credentials end a worker at its start.

    Raises:
        ConfigError: The client is refused, or the AWS SDK is missing or finds no credentials.
        TransientError: The endpoint did not answer.
    """
    if settings.authenticates_by == "OAUTHBEARER":
        source = TokenSource(partial(client_credentials, settings.oauth))
    elif settings.authenticates_by == "AWS_MSK_IAM":
        source = TokenSource(partial(msk_token, settings.aws_region or ""))
    else:
        return None
    source.token()
    return source
