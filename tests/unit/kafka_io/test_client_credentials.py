"""Tokens of a token endpoint: what is asked, what is understood, and what each failure means."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError, TransientError
from pipeline.kafka_io.client_credentials import RequestParams, client_credentials
from pipeline.settings import OAuthSettings
from tests.harness.token_endpoint import TokenEndpoint, token_endpoint

CLIENT, SECRET = "news/pipeline", "pass:word +&%ü"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenEndpoint]:
    with token_endpoint(tmp_path_factory.mktemp("token"), CLIENT, SECRET) as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(served: TokenEndpoint) -> Iterator[TokenEndpoint]:
    yield served
    served.answer, served.headers = None, {}


def _settings(endpoint: TokenEndpoint, **changes: Any) -> OAuthSettings:
    values = {"token_url": f"{endpoint.url}/token", "client_id": CLIENT, "client_secret": SECRET, **changes}
    return OAuthSettings.model_validate(values)


def test_a_token_is_issued_to_a_client_with_any_characters(endpoint: TokenEndpoint) -> None:
    token = client_credentials(_settings(endpoint, scope="kafka read"))
    assert token.life_secs == endpoint.life_secs
    assert token.text.count(".") == 2
    assert endpoint.forms[-1] == {"grant_type": "client_credentials", "scope": "kafka read"}


def test_without_scope_none_is_asked_for(endpoint: TokenEndpoint) -> None:
    client_credentials(_settings(endpoint))
    assert endpoint.forms[-1] == {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("body", "life_secs"),
    [
        (b'{"access_token": "t"}', 300),
        (b'{"access_token": "t", "expires_in": "3599"}', 3599),
        (b'{"access_token": "t", "expires_in": null}', 300),
        (b'{"access_token": "t", "expires_in": "soon"}', 300),
    ],
)
def test_answers_of_other_endpoints_are_understood(body: bytes, life_secs: float, endpoint: TokenEndpoint) -> None:
    endpoint.answer = (200, body)
    assert client_credentials(_settings(endpoint)).life_secs == life_secs


def test_a_wrong_secret_is_a_mistake_of_the_settings_and_is_not_quoted(endpoint: TokenEndpoint) -> None:
    with pytest.raises(ConfigError, match=r"127.0.0.1:\d+ refused the client: 401 invalid_client$"):
        client_credentials(_settings(endpoint, client_secret="wrong"))  # noqa: S106


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, b'{"error": "invalid_scope"}', ConfigError, "400 invalid_scope"),
        (400, b'{"error": "the secret is hunter2"}', ConfigError, "400 Bad Request"),
        (404, b"<html>", ConfigError, "404 Not Found"),
        (429, b"", TransientError, "answered 429"),
        (500, b"", TransientError, "answered 500"),
        (503, b"", TransientError, "answered 503"),
        (200, b"<html>sign in</html>", ConfigError, "without a token"),
        (200, b"[]", ConfigError, "without a token"),
        (200, b'{"access_token": ""}', ConfigError, "without a token"),
        (200, b'{"access_token": "a\\u0001auth=b"}', ConfigError, "without a token"),
    ],
)
def test_other_answers(status: int, body: bytes, kind: type[Exception], message: str, endpoint: TokenEndpoint) -> None:
    endpoint.answer = (status, body)
    with pytest.raises(kind, match=message) as caught:
        client_credentials(_settings(endpoint))
    assert "hunter2" not in str(caught.value)


def test_a_redirect_is_not_followed(endpoint: TokenEndpoint) -> None:
    endpoint.answer, endpoint.headers = (302, b""), {"Location": f"{endpoint.url}/elsewhere"}
    asked = endpoint.asked
    with pytest.raises(ConfigError, match="302"):
        client_credentials(_settings(endpoint))
    assert endpoint.asked == asked + 1


def test_no_answer_may_come_later(endpoint: TokenEndpoint) -> None:
    with pytest.raises(TransientError, match="did not answer: Connection refused"):
        client_credentials(_settings(endpoint, token_url="http://127.0.0.1:1/token"))  # noqa: S106
    with pytest.raises(TransientError, match="did not answer"):
        client_credentials(_settings(endpoint, token_url="https://endpoint.invalid/token"))  # noqa: S106
    with pytest.raises(TransientError, match="did not answer"):
        client_credentials(
            _settings(endpoint, token_url=endpoint.url.replace("http:", "https:")), RequestParams(timeout_secs=2)
        )


def test_a_missing_authority_is_named(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.pem: No such file"):
        client_credentials(_settings(endpoint, ca_file=tmp_path / "absent.pem"))
