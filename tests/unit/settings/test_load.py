"""Settings come from NEWS_* variables and secret files; an error has the name of an invalid value, never the value."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.errors import ConfigError
from pipeline.settings import KafkaSettings, OAuthSettings, Settings, SubjectSettings, child_environment, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("NEWS_"):
            monkeypatch.delenv(name)


def test_defaults_are_complete() -> None:
    settings = load_settings()
    assert settings.guarantee == "exactly_once"
    assert settings.kafka.bootstrap_servers == "localhost:9092"
    assert settings == Settings()


def test_variables_reach_every_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_LANE", "backfill-2024")
    monkeypatch.setenv("NEWS_KAFKA__BOOTSTRAP_SERVERS", "a:9092, b:9093")
    monkeypatch.setenv("NEWS_DEDUP__SKIP_OFFSETS", "7, 12")
    monkeypatch.setenv("NEWS_WEB__PORT", "0")
    settings = load_settings()
    assert settings.lane == "backfill-2024"
    assert settings.kafka.servers == ("a:9092", "b:9093")
    assert settings.dedup.skip_offsets == (7, 12)
    assert settings.web.port == 0


def test_an_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_WEB__PORT", "")
    monkeypatch.setenv("NEWS_SECRETS_DIR", "")
    assert load_settings() == Settings()


def test_none_turns_compression_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_KAFKA__COMPRESSION", "none")
    assert load_settings().kafka.compression is None


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("NEWS_KAFKA__BOOTSTRAP_SERVER", "did you mean NEWS_KAFKA__BOOTSTRAP_SERVERS?"),
        ("NEWS_KAFKA_BOOTSTRAP_SERVERS", "did you mean NEWS_KAFKA__BOOTSTRAP_SERVERS?"),
        ("news_garantee", "did you mean NEWS_GUARANTEE?"),
        ("NEWS_SECRET_DIR", "did you mean NEWS_SECRETS_DIR?"),
        ("NEWS_WEB__PORT__X", "did you mean NEWS_WEB__PORT?"),
    ],
)
def test_an_unknown_variable_is_an_error_with_a_suggestion(
    monkeypatch: pytest.MonkeyPatch, name: str, suggestion: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert str(caught.value) == f"{name} is not a setting; {suggestion}"


def test_a_whole_group_cannot_be_set_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_KAFKA", '{"client_id": "x"}')
    with pytest.raises(ConfigError, match="NEWS_KAFKA is not a setting"):
        load_settings()


def test_every_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_ZZZ", "1")
    monkeypatch.setenv("NEWS_FAUST_BROKER", "1")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert [line.split(" ")[0] for line in str(caught.value).splitlines()] == ["NEWS_FAUST_BROKER", "NEWS_ZZZ"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEWS_PIPELINE_SERVICE_HOST", "10.0.0.1"),
        ("NEWS_PIPELINE_SERVICE_PORT", "9464"),
        ("NEWS_PIPELINE_SERVICE_PORT_METRICS", "9464"),
        ("NEWS_PIPELINE_PORT", "tcp://10.0.0.1:9464"),
        ("NEWS_PIPELINE_PORT_9464_TCP", "tcp://10.0.0.1:9464"),
        ("NEWS_PIPELINE_PORT_9464_TCP_ADDR", "10.0.0.1"),
        ("NEWS_PIPELINE_PORT_9464_TCP_PORT", "9464"),
        ("NEWS_PIPELINE_PORT_53_UDP_PROTO", "udp"),
    ],
)
def test_kubernetes_service_links_are_ignored(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert load_settings() == Settings()


def test_a_port_that_is_no_service_link_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_WEB_PORT", "9464")
    with pytest.raises(ConfigError, match="did you mean NEWS_WEB__PORT"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("NEWS_WEB__PORT", "many", "NEWS_WEB__PORT: "),
        ("NEWS_WEB__PORT", "70000", "NEWS_WEB__PORT: "),
        ("NEWS_GUARANTEE", "once", "NEWS_GUARANTEE: Input should be 'exactly_once' or 'at_least_once'"),
        ("NEWS_LANE", "Back/Fill", "NEWS_LANE: "),
        ("NEWS_KAFKA__BOOTSTRAP_SERVERS", "broker", "NEWS_KAFKA__BOOTSTRAP_SERVERS: `broker` is not host:port"),
        ("NEWS_KAFKA__BOOTSTRAP_SERVERS", "a:1,", "NEWS_KAFKA__BOOTSTRAP_SERVERS: `` is not host:port"),
        ("NEWS_DEDUP__SKIP_OFFSETS", "1,x", "NEWS_DEDUP__SKIP_OFFSETS: "),
        ("NEWS_DEDUP__SKIP_OFFSETS", "-1", "NEWS_DEDUP__SKIP_OFFSETS: "),
        ("NEWS_DEDUP__PUBLISHED", "some", "NEWS_DEDUP__PUBLISHED: Input should be 'unique' or 'all'"),
        ("NEWS_DEDUP__EXACT_WINDOW_SECS", "60", "NEWS_DEDUP: near_window_secs must not exceed exact_window_secs"),
        (
            "NEWS_CIRCUIT_BREAKER__MIN_RECORDS",
            "9999",
            "NEWS_CIRCUIT_BREAKER: min_records must not exceed window_records",
        ),
        ("NEWS_KAFKA__HEARTBEAT_INTERVAL_SECS", "20", "NEWS_KAFKA: heartbeat_interval_secs must be at most a third"),
        ("NEWS_SECRETS_DIR", "/does/not/exist", "NEWS_SECRETS_DIR: /does/not/exist is not a directory"),
    ],
)
def test_an_error_names_the_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert str(caught.value).startswith(message)


def test_secrets_come_from_files_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "NEWS_KAFKA__SASL_PASSWORD").write_text("from-file\n")
    (tmp_path / "news_kafka__sasl_username").write_text("file-user")
    (tmp_path / "..data").mkdir()  # what Kubernetes puts into a mounted secret
    monkeypatch.setenv("NEWS_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_KAFKA__SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("NEWS_KAFKA__SASL_USERNAME", "env-user")
    kafka = load_settings().kafka
    assert kafka.sasl_username == "env-user"
    assert kafka.sasl_password is not None
    assert kafka.sasl_password.get_secret_value() == "from-file"


def test_a_misspelt_secret_file_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "NEWS_KAFKA__SASL_PASWORD").write_text("x")
    monkeypatch.setenv("NEWS_SECRETS_DIR", str(tmp_path))
    with pytest.raises(ConfigError, match="did you mean NEWS_KAFKA__SASL_PASSWORD"):
        load_settings()


def test_no_secret_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_KAFKA__SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("NEWS_KAFKA__SASL_USERNAME", "user")
    monkeypatch.setenv("NEWS_KAFKA__SASL_PASSWORD", "hunter2")
    settings = load_settings()
    assert settings.redacted()["kafka"]["sasl_password"] == "**********"  # noqa: S105
    assert "hunter2" not in f"{settings!r} {settings} {settings.redacted()}"


def test_no_secret_is_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_KAFKA__SASL_PASSWORD", "hunter2")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "PLAINTEXT does not use them" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__, "the traceback of the cause would quote the input"


def test_settings_never_change() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.lane = "x"
    with pytest.raises(ValidationError, match="frozen"):
        settings.kafka.client_id = "x"


OAUTH = {"token_url": "https://login.example/token", "client_id": "c", "client_secret": "s"}


@pytest.mark.parametrize(
    "given",
    [
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER", "oauth": OAUTH},
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM", "aws_region": "eu-west-1"},
        {"security_protocol": "SASL_SSL", "sasl_username": "u", "sasl_password": "p"},
        {"security_protocol": "SSL"},
    ],
)
def test_a_whole_security_configuration_is_accepted(given: dict[str, Any]) -> None:
    assert KafkaSettings.model_validate(given).security_protocol == given["security_protocol"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"token_url": "http://login.example/token"}, "https://"),
        ({"token_url": "http://localhost.example/token"}, "https://"),
        ({"token_url": "login.example/token"}, "https://"),
        ({"token_url": "https://user:hunter2@login.example/token"}, "client_id"),
        ({"extensions": "logicalCluster"}, "extensions"),
        ({"extensions": "auth=x\x01"}, "extensions"),
    ],
)
def test_settings_of_oauth_that_make_no_sense(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        OAuthSettings.model_validate({**OAUTH, **changes})
    assert "hunter2" not in str(caught.value)


def test_settings_of_oauth_come_from_variables_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "NEWS_KAFKA__OAUTH__CLIENT_SECRET").write_text("hunter2")
    given = {
        "NEWS_SECRETS_DIR": str(tmp_path),
        "NEWS_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "NEWS_KAFKA__SASL_MECHANISM": "OAUTHBEARER",
        "NEWS_KAFKA__OAUTH__TOKEN_URL": OAUTH["token_url"],
        "NEWS_KAFKA__OAUTH__CLIENT_ID": "c",
        "NEWS_KAFKA__OAUTH__EXTENSIONS": "logicalCluster=lkc-1,identityPoolId=pool-2",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    oauth = load_settings().kafka.oauth
    assert oauth.client_secret is not None
    assert oauth.client_secret.get_secret_value() == "hunter2"
    assert oauth.named_extensions == {"logicalCluster": "lkc-1", "identityPoolId": "pool-2"}
    assert "hunter2" not in f"{load_settings()!r} {load_settings().redacted()}"


@pytest.mark.parametrize(
    "given",
    [
        {"security_protocol": "SASL_SSL"},
        {"security_protocol": "SASL_SSL", "sasl_username": "u"},
        {"security_protocol": "SASL_SSL", "sasl_username": "u", "sasl_password": ""},
        {"security_protocol": "SSL", "sasl_username": "u", "sasl_password": "p"},
        {"security_protocol": "PLAINTEXT", "ssl_ca_file": "ca.pem"},
        {"security_protocol": "SSL", "ssl_key_file": "key.pem"},
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"},
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER", "oauth": {**OAUTH, "client_secret": ""}},
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER", "oauth": OAUTH, "sasl_username": "u"},
        {"security_protocol": "SASL_SSL", "sasl_username": "u", "sasl_password": "p", "oauth": OAUTH},
        {"oauth": {"scope": "kafka"}},
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM"},
        {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "AWS_MSK_IAM", "aws_region": "eu-west-1"},
        {"aws_region": "eu-west-1"},
    ],
)
def test_half_a_security_configuration_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        KafkaSettings.model_validate(given)


def test_a_child_process_gets_only_the_settings_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_LANE", "of-the-parent")
    monkeypatch.setenv("news_guarantee", "at_least_once")
    monkeypatch.setenv("NEWS_SUBJECTS__READER", "fast")
    environment = child_environment({"NEWS_WEB__PORT": "0"})
    assert [name for name in environment if name.upper().startswith("NEWS_")] == ["NEWS_WEB__PORT"]
    kept = child_environment({"NEWS_WEB__PORT": "0"}, keep="NEWS_SUBJECTS__")
    assert {name for name in kept if name.upper().startswith("NEWS_")} == {"NEWS_WEB__PORT", "NEWS_SUBJECTS__READER"}
    assert environment["PATH"] == os.environ["PATH"]


def test_subjects_have_the_measured_bars_unless_others_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWS_SUBJECTS__READER", raising=False)
    assert load_settings().subjects == SubjectSettings(
        reader="cascade", floor=None, reliable=None, threads=1, vector=False
    )
    for name, value in {
        "READER": "encoder",
        "FLOOR": "0.3",
        "RELIABLE": "0.9",
        "THREADS": "2",
        "VECTOR": "true",
    }.items():
        monkeypatch.setenv(f"NEWS_SUBJECTS__{name}", value)
    assert load_settings().subjects == SubjectSettings(
        reader="encoder", floor=0.3, reliable=0.9, threads=2, vector=True
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"FLOOR": "1.5"}, "NEWS_SUBJECTS__FLOOR: Input should be less than or equal to 1"),
        ({"FLOOR": "0.9", "RELIABLE": "0.8"}, "NEWS_SUBJECTS: floor must not exceed reliable"),
        ({"READER": "slow"}, "NEWS_SUBJECTS__READER"),
        ({"THREADS": "0"}, "NEWS_SUBJECTS__THREADS"),
        ({"READER": "fast", "VECTOR": "true"}, "NEWS_SUBJECTS: vector requires the reader"),
    ],
)
def test_settings_of_subjects_that_make_no_sense(
    values: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"NEWS_SUBJECTS__{name}", value)
    with pytest.raises(ConfigError, match=message):
        load_settings()


def test_copies_that_are_published_are_enriched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_DEDUP__PUBLISHED", "all")
    assert load_settings().dedup.enrich_copies
    monkeypatch.setenv("NEWS_DEDUP__ENRICH_COPIES", "false")
    with pytest.raises(ConfigError, match="published `all` requires enrich_copies"):
        load_settings()
