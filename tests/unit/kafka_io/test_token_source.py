"""Tokens are shared, renewed in time, and outlive short failures of what issues them."""

import pytest

from pipeline.errors import ConfigError, TransientError
from pipeline.kafka_io.token import Token
from pipeline.kafka_io.token_source import TokenParams, TokenSource, token_source
from pipeline.settings import KafkaSettings


class Issuer:
    """Issues numbered tokens of 100 s on a clock that a test moves; `error` is raised instead."""

    def __init__(self) -> None:
        self.now, self.issued = 1000.0, 0
        self.error: Exception | None = None
        self.source = TokenSource(self.fetch, params=TokenParams(renew_share=0.8, retry_secs=5), clock=lambda: self.now)

    def fetch(self) -> Token:
        self.issued += 1
        if self.error is not None:
            raise self.error
        return Token(f"token-{self.issued}", 100)

    def at(self, secs: float) -> str:
        self.now = 1000 + secs
        return self.source.token()


def test_a_token_is_used_until_it_is_due_for_renewal() -> None:
    issuer = Issuer()
    assert [issuer.at(secs) for secs in (0, 79.9, 80, 159.9, 160)] == [
        "token-1",
        "token-1",
        "token-2",
        "token-2",
        "token-3",
    ]
    assert issuer.issued == 3


@pytest.mark.parametrize("error", [TransientError("no answer"), ConfigError("refused")])
def test_a_valid_token_is_used_while_no_other_can_be_got(error: Exception) -> None:
    issuer = Issuer()
    issuer.at(0)
    issuer.error = error
    assert [issuer.at(secs) for secs in (80, 84.9, 85, 99)] == ["token-1"] * 4
    assert issuer.issued == 4, "every five seconds"
    with pytest.raises(TransientError, match=str(error)):
        issuer.at(100)
    issuer.error = None
    assert issuer.at(100.1) == "token-6"


@pytest.mark.parametrize("error", [TransientError("no answer"), ConfigError("refused")])
def test_the_first_failure_is_told_as_it_is(error: Exception) -> None:
    issuer = Issuer()
    issuer.error = error
    with pytest.raises(type(error)):
        issuer.at(0)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"security_protocol": "SASL_SSL", "sasl_username": "user", "sasl_password": "x"},
        {"security_protocol": "SSL"},
    ],
)
def test_mechanisms_without_tokens_have_no_source(values: dict[str, str]) -> None:
    assert token_source(KafkaSettings.model_validate(values)) is None


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(Token("secret", 3))
