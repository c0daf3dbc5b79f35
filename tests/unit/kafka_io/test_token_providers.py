"""Both client libraries get their token from one source, and an error that they try again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError as AsyncConnectionError
from kafka.errors import KafkaConnectionError
from kafka.net.sasl.oauth import SaslMechanismOAuth

from pipeline.errors import ConfigError, TransientError
from pipeline.kafka_io.async_security import aiokafka_security
from pipeline.kafka_io.security import kafka_python_security
from pipeline.kafka_io.token_refusal import TokenExchange
from pipeline.kafka_io.token_source import TokenSource, token_source
from pipeline.settings import KafkaSettings
from tests.harness.token_endpoint import TokenEndpoint, token_endpoint


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[TokenEndpoint]:
    with token_endpoint(tmp_path, "news", "secret") as served:
        yield served


def _settings(endpoint: TokenEndpoint, **changes: Any) -> KafkaSettings:
    oauth = {"token_url": f"{endpoint.url}/token", "client_id": "news", "client_secret": "secret"}
    given = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "OAUTHBEARER"}
    return KafkaSettings.model_validate({**given, "oauth": {**oauth, "extensions": "a=1,b=x=y", **changes}})


async def test_both_libraries_take_the_same_token(endpoint: TokenEndpoint) -> None:
    settings = _settings(endpoint)
    ours, theirs = aiokafka_security(settings), kafka_python_security(settings)
    assert ours.keys() == theirs.keys() == {"security_protocol", "sasl_mechanism", "sasl_oauth_token_provider"}
    client = AIOKafkaClient(**ours)  # which checks the class
    await client.close()
    provider = ours["sasl_oauth_token_provider"]
    first = SaslMechanismOAuth(**theirs).auth_bytes()
    assert first == f"n,,\x01auth=Bearer {await provider.token()}\x01a=1\x01b=x=y\x01\x01".encode()
    assert provider.extensions() == {"a": "1", "b": "x=y"}
    assert endpoint.asked == 1


async def test_no_token_is_an_error_of_the_connection(endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(endpoint, scope="later")
    ours = aiokafka_security(settings)["sasl_oauth_token_provider"]
    theirs = kafka_python_security(settings)["sasl_oauth_token_provider"]

    def nothing(_: TokenSource) -> str:
        raise TransientError("token endpoint did not answer")

    monkeypatch.setattr(TokenSource, "token", nothing)
    with pytest.raises(AsyncConnectionError, match="did not answer"):
        await ours.token()
    with pytest.raises(KafkaConnectionError, match="did not answer"):
        theirs.token()


async def test_a_refused_token_is_acknowledged_and_an_accepted_one_ends_the_exchange(endpoint: TokenEndpoint) -> None:
    provider = aiokafka_security(_settings(endpoint, scope="exchange"))["sasl_oauth_token_provider"]
    for answer, then in ((b"", None), (b'{"status": "invalid_token"}', (b"\x01", True))):
        exchange = TokenExchange(sasl_oauth_token_provider=provider)
        first = await exchange.step(None)
        assert first is not None
        assert first[0].startswith(b"n,,\x01auth=Bearer ")
        assert await exchange.step(answer) == then


def test_a_source_has_a_token_or_an_error_at_once(endpoint: TokenEndpoint) -> None:
    with pytest.raises(ConfigError, match="invalid_client"):
        token_source(_settings(endpoint, client_secret="wrong"))  # noqa: S106
    endpoint.answer = (503, b"")
    with pytest.raises(TransientError, match="503"):
        token_source(_settings(endpoint, scope="busy"))
    endpoint.answer = None
    assert token_source(_settings(endpoint, scope="busy")) is not None, "an error is not remembered"


def test_msk_needs_its_region_and_uses_the_same_mechanism(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    given = {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM", "aws_region": "eu-north-1"}
    arguments = kafka_python_security(KafkaSettings.model_validate(given))
    assert arguments["sasl_mechanism"] == "OAUTHBEARER"
    assert arguments["ssl_context"].check_hostname
