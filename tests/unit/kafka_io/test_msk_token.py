"""Tokens of Amazon MSK, compared with the signature that kafka-python computes by itself."""

import base64
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from kafka.net.sasl.msk import AwsMskIamClient

from pipeline.errors import ConfigError
from pipeline.kafka_io.msk_token import msk_token


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the credentials of this machine, and its metadata service."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))


@pytest.mark.parametrize("session", [None, "session/token+="])
@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1"])
def test_a_token_is_signed(region: str, session: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example/secret")
    if session is not None:
        monkeypatch.setenv("AWS_SESSION_TOKEN", session)
    token = msk_token(region)
    assert 800 < token.life_secs <= 901
    address = urlsplit(base64.urlsafe_b64decode(token.text + "==").decode())
    fields = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert address.netloc == f"kafka.{region}.amazonaws.com"
    assert fields["Action"] == "kafka-cluster:Connect"
    other = AwsMskIamClient(
        host=address.netloc,
        access_key="AKIDEXAMPLE",
        secret_key="example/secret",  # noqa: S106  # an example
        region=region,
        token=session,
    )
    other.timestamp, other.datestamp = fields["X-Amz-Date"], fields["X-Amz-Date"][:8]
    assert f'"x-amz-signature":"{fields["X-Amz-Signature"]}"' in other.first_message().decode()


def test_without_credentials_the_settings_are_wrong() -> None:
    with pytest.raises(ConfigError, match="finds no credentials"):
        msk_token("eu-central-1")


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aws_msk_iam_sasl_signer.MSKAuthTokenProvider", None)
    with pytest.raises(ConfigError, match=r"news-pipeline\[aws\]"):
        msk_token("eu-central-1")
