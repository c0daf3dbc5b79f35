"""The settings of the Kafka cluster."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from pipeline.settings.groups import Group
from pipeline.settings.oauth_group import OAuthSettings

__all__ = ["KafkaSettings", "SaslMechanism", "SecurityProtocol"]

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM"]


def _none_is_no_value(value: object) -> object:
    """Read `none` as None; an empty variable counts as unset."""
    return None if value == "none" else value


Compression = Annotated[Literal["gzip", "snappy", "lz4", "zstd"] | None, BeforeValidator(_none_is_no_value)]


def _given(secret: SecretStr | None) -> bool:
    return secret is not None and bool(secret.get_secret_value())


class KafkaSettings(Group):
    """The Kafka cluster, and the authentication to it."""

    bootstrap_servers: str = Field(
        default="localhost:9092", description="Addresses of one or more brokers: `host:port`, comma-separated."
    )
    topic_prefix: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9.-]*)?$",
        description="Prefix of all topic names, for several environments on one cluster; it should end with a dot.",
    )
    client_id: str = Field(
        default="news-pipeline",
        min_length=1,
        description="Name of the client in the logs, quotas and metrics of the brokers.",
    )
    security_protocol: SecurityProtocol = Field(
        default="PLAINTEXT", description="Whether connections are encrypted (SSL) and authenticated (SASL)."
    )
    sasl_mechanism: SaslMechanism = Field(
        default="SCRAM-SHA-512",
        description="Mechanism of SASL authentication. `OAUTHBEARER` uses the settings `NEWS_KAFKA__OAUTH__*`, "
        "`AWS_MSK_IAM` the credentials that the AWS SDK finds.",
    )
    sasl_username: str | None = Field(default=None, description="User name, for PLAIN and SCRAM.")
    sasl_password: SecretStr | None = Field(default=None, description="Password, for PLAIN and SCRAM.")
    aws_region: str | None = Field(
        default=None, pattern=r"^[a-z0-9-]+$", description="Region of the MSK cluster; required by AWS_MSK_IAM."
    )
    oauth: OAuthSettings = Field(default_factory=OAuthSettings)
    ssl_ca_file: Path | None = Field(
        default=None, description="Certificates of trusted authorities, PEM; those of the system when unset."
    )
    ssl_cert_file: Path | None = Field(default=None, description="Client certificate chain for mutual TLS, PEM.")
    ssl_key_file: Path | None = Field(default=None, description="Private key of the client certificate, PEM.")
    ssl_key_password: SecretStr | None = Field(default=None, description="Password of the private key.")
    compression: Compression = Field(
        default="lz4",
        description="Compression of record batches, or `none`; lz4 reduces news text to about half its size.",
    )
    instance_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=249,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Name of this worker in its consumer group, different for each worker and the same after a "
        "restart, such as the name of a pod of a StatefulSet. A worker that is back within the session timeout keeps "
        "its partitions, without a rebalance. Unset: a worker that stops leaves the group.",
    )
    session_timeout_secs: float = Field(
        default=45.0,
        ge=1,
        le=1800,
        description="A worker without heartbeats for this long loses its partitions to other workers.",
    )
    heartbeat_interval_secs: float = Field(
        default=3.0, gt=0, description="Interval between heartbeats; at most a third of the session timeout."
    )
    request_timeout_secs: float = Field(
        default=60.0, ge=1, description="Time limit of one request to a broker; it counts from the last byte that came."
    )
    silence_secs: float = Field(
        default=15.0,
        gt=0,
        description="Without an answer from any broker for this long, a worker counts as disconnected: "
        "`news_kafka_connected` is 0 and `/readyz` fails.",
    )
    rebalance_timeout_secs: float = Field(
        default=120.0, ge=1, description="Time that workers have to finish their work in a rebalance."
    )

    @property
    def servers(self) -> tuple[str, ...]:
        """The bootstrap servers as a tuple."""
        return tuple(item.strip() for item in self.bootstrap_servers.split(","))

    @field_validator("bootstrap_servers")
    @classmethod
    def _servers_have_ports(cls, value: str) -> str:
        for server in value.split(","):
            host, _, port = server.strip().rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) <= 65535:
                raise ValueError(f"`{server.strip()}` is not host:port, such as kafka-1:9092")
        return value

    @property
    def authenticates_by(self) -> SaslMechanism | None:
        """The SASL mechanism, or None if the protocol has no SASL."""
        return self.sasl_mechanism if self.security_protocol.startswith("SASL_") else None

    @model_validator(mode="after")
    def _credentials_fit_the_mechanism(self) -> Self:
        mechanism = self.authenticates_by
        by_token = mechanism in ("OAUTHBEARER", "AWS_MSK_IAM")
        if mechanism and not by_token and not (self.sasl_username and _given(self.sasl_password)):
            raise ValueError(f"security_protocol {self.security_protocol} requires sasl_username and sasl_password")
        if mechanism == "OAUTHBEARER" and not self.oauth.complete:
            raise ValueError("OAUTHBEARER requires oauth: token_url, client_id and client_secret")
        if mechanism == "AWS_MSK_IAM" and (self.aws_region is None or self.security_protocol != "SASL_SSL"):
            raise ValueError("AWS_MSK_IAM requires aws_region, and security_protocol SASL_SSL")
        # An unused password suggests that the connection is believed to be authenticated although it is not.
        user = self.sasl_username is not None or self.sasl_password is not None
        unused = {
            "sasl_username and sasl_password are": user and (mechanism is None or by_token),
            "oauth is": self.oauth != OAuthSettings() and mechanism != "OAUTHBEARER",
            "aws_region is": self.aws_region is not None and mechanism != "AWS_MSK_IAM",
        }
        for what, is_unused in unused.items():
            if is_unused:
                how = f"sasl_mechanism {mechanism}" if mechanism else f"security_protocol {self.security_protocol}"
                choice = "choose another mechanism" if mechanism else "choose a SASL protocol"
                raise ValueError(f"{what} set, but {how} does not use them; {choice} or unset them")
        return self

    @model_validator(mode="after")
    def _files_fit_the_protocol(self) -> Self:
        files = (self.ssl_ca_file, self.ssl_cert_file, self.ssl_key_file, self.ssl_key_password)
        if not self.security_protocol.endswith("SSL") and any(item is not None for item in files):
            raise ValueError(
                f"ssl_* settings are set, but security_protocol {self.security_protocol} does not encrypt; choose an "
                "SSL protocol or unset them"
            )
        if self.ssl_key_file is not None and self.ssl_cert_file is None:
            raise ValueError("ssl_key_file requires ssl_cert_file")
        return self

    @model_validator(mode="after")
    def _heartbeats_fit_the_session(self) -> Self:
        if self.heartbeat_interval_secs * 3 > self.session_timeout_secs:
            raise ValueError("heartbeat_interval_secs must be at most a third of session_timeout_secs")
        return self
