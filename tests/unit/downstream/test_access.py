"""Who may ask a downstream service."""

import base64

import pytest
from pydantic import SecretStr

from pipeline.downstream.access import Access
from pipeline.downstream.web import WebServer, is_loopback
from pipeline.errors import ConfigError
from pipeline.settings import ServingSettings

TOKEN = "a-token-of-some-length"  # noqa: S105  # of the tests


def _basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"reader:{password}".encode()).decode()


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST:1", "[::1]"])
def test_without_a_token_the_names_of_the_machine_are_served(host: str) -> None:
    assert Access(None).refusal({"Host": host}) is None


@pytest.mark.parametrize("host", ["evil.example:8080", "localhost.evil.example", "", "127.0.0.1.nip.example"])
def test_a_name_that_was_made_to_point_here_is_refused(host: str) -> None:
    refusal = Access(None).refusal({"Host": host})
    assert refusal is not None
    assert refusal.status == 421


@pytest.mark.parametrize("shown", [f"Bearer {TOKEN}", f"bearer  {TOKEN} ", _basic(TOKEN)])
def test_the_token_is_accepted_from_programs_and_browsers(shown: str) -> None:
    assert Access(TOKEN).refusal({"Host": "search.example", "Authorization": shown}) is None


@pytest.mark.parametrize(
    "shown", ["", "Bearer", f"Bearer {TOKEN}x", f"Digest {TOKEN}", _basic("other"), "Basic ====", "Basic \u00e9"]
)
def test_anything_else_is_refused_and_a_browser_asks(shown: str) -> None:
    refusal = Access(TOKEN).refusal({"Host": "localhost", "Authorization": shown})
    assert refusal is not None
    assert refusal.status == 401
    assert "Basic" in refusal.headers["WWW-Authenticate"]
    assert TOKEN not in refusal.text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "search.example"])  # noqa: S104  # that it is refused
def test_a_server_that_is_open_to_everyone_does_not_start(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ConfigError, match="token"):
        WebServer(ServingSettings(host=host))
    WebServer(ServingSettings(host=host, token=SecretStr(TOKEN)))


def test_a_short_token_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        ServingSettings(token=SecretStr("short"))
