"""The groups of settings. Descriptions are documentation: docs/settings.md and .env.example are generated from them."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

__all__ = [
    "CircuitBreakerSettings",
    "DedupSettings",
    "FetchSettings",
    "Guarantee",
    "KafkaSettings",
    "LogSettings",
    "SaslMechanism",
    "SecurityProtocol",
    "ShutdownSettings",
    "WatchdogSettings",
    "WebSettings",
    "WorkSettings",
]

Guarantee = Literal["exactly_once", "at_least_once"]
SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

MIB = 1024 * 1024
HOUR_SECS = 3600


def _split_commas(value: object) -> object:
    """Read `1, 2` as two items, so that no JSON is needed in an environment variable."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


def _none_is_no_value(value: object) -> object:
    """Let an environment variable say what in Python is None; an empty one counts as unset."""
    return None if value == "none" else value


Compression = Annotated[Literal["gzip", "snappy", "lz4", "zstd"] | None, BeforeValidator(_none_is_no_value)]
Offsets = Annotated[tuple[Annotated[int, Field(ge=0)], ...], NoDecode, BeforeValidator(_split_commas)]


class Group(BaseModel):
    """What all groups share: unknown names are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


class KafkaSettings(Group):
    """The cluster, and how to authenticate to it."""

    bootstrap_servers: str = Field(
        default="localhost:9092", description="Brokers to ask first: `host:port`, comma-separated."
    )
    topic_prefix: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9.-]*)?$",
        description="Put before every topic name, for several environments on one cluster; end it with a dot.",
    )
    client_id: str = Field(
        default="news-pipeline", min_length=1, description="Name in the brokers' logs, quotas and metrics."
    )
    security_protocol: SecurityProtocol = Field(
        default="PLAINTEXT", description="Encryption and authentication in use."
    )
    sasl_mechanism: SaslMechanism = Field(default="SCRAM-SHA-512", description="How user name and password are proven.")
    sasl_username: str | None = Field(default=None, description="User name; needed by the SASL protocols.")
    sasl_password: SecretStr | None = Field(default=None, description="Password; needed by the SASL protocols.")
    ssl_ca_file: Path | None = Field(default=None, description="Certificates to trust, PEM; the system's when unset.")
    ssl_cert_file: Path | None = Field(default=None, description="Client certificate chain for mutual TLS, PEM.")
    ssl_key_file: Path | None = Field(default=None, description="Private key of the client certificate, PEM.")
    ssl_key_password: SecretStr | None = Field(default=None, description="Password of the private key.")
    compression: Compression = Field(
        default="lz4",
        description="How record batches are compressed, or `none`; news text shrinks to about half with lz4.",
    )
    session_timeout_secs: float = Field(
        default=45.0, ge=1, le=1800, description="Silence after which a worker's partitions go to others."
    )
    heartbeat_interval_secs: float = Field(
        default=3.0, gt=0, description="Pause between heartbeats; at most a third of the session timeout."
    )
    request_timeout_secs: float = Field(default=60.0, ge=1, description="Limit for one request to a broker.")
    rebalance_timeout_secs: float = Field(
        default=120.0, ge=1, description="Time members get to finish work when partitions are handed over."
    )

    @property
    def servers(self) -> tuple[str, ...]:
        """The bootstrap servers, one by one."""
        return tuple(item.strip() for item in self.bootstrap_servers.split(","))

    @field_validator("bootstrap_servers")
    @classmethod
    def _servers_have_ports(cls, value: str) -> str:
        for server in value.split(","):
            host, _, port = server.strip().rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) <= 65535:
                raise ValueError(f"`{server.strip()}` is not host:port")
        return value

    @model_validator(mode="after")
    def _credentials_fit_the_protocol(self) -> Self:
        has_sasl = self.sasl_username is not None or self.sasl_password is not None
        if self.security_protocol.startswith("SASL_"):
            if not self.sasl_username or self.sasl_password is None or not self.sasl_password.get_secret_value():
                raise ValueError(f"{self.security_protocol} needs sasl_username and sasl_password")
        elif has_sasl:
            # A password that is given and not used is a cluster that is believed to be protected and is not.
            raise ValueError(f"sasl_username and sasl_password are set, but {self.security_protocol} does not use them")
        return self

    @model_validator(mode="after")
    def _files_fit_the_protocol(self) -> Self:
        files = (self.ssl_ca_file, self.ssl_cert_file, self.ssl_key_file, self.ssl_key_password)
        if not self.security_protocol.endswith("SSL") and any(item is not None for item in files):
            raise ValueError(f"ssl_* settings are given, but {self.security_protocol} does not encrypt")
        if self.ssl_key_file is not None and self.ssl_cert_file is None:
            raise ValueError("ssl_key_file needs ssl_cert_file")
        return self

    @model_validator(mode="after")
    def _heartbeats_fit_the_session(self) -> Self:
        if self.heartbeat_interval_secs * 3 > self.session_timeout_secs:
            raise ValueError("heartbeat_interval_secs must be at most a third of session_timeout_secs")
        return self


class FetchSettings(Group):
    """How records come from the brokers."""

    max_partition_bytes: int = Field(
        default=8 * MIB, ge=1024, description="Per partition and request; one larger record still comes whole."
    )
    max_bytes: int = Field(default=50 * MIB, ge=1024, description="Per request, all partitions together.")
    max_wait_ms: int = Field(default=100, ge=1, le=60_000, description="How long a broker waits for the first byte.")


class WorkSettings(Group):
    """How much is worked on at once, and how often a failure is tried again."""

    max_batch_bytes: int = Field(
        default=4 * MIB,
        ge=1024,
        description="Cut a unit of work at this many bytes of source records; a larger record is one by itself.",
    )
    max_batch_records: int = Field(default=1000, ge=1, description="Cut a unit of work at this many source records.")
    max_in_flight_bytes: int = Field(
        default=64 * MIB,
        ge=MIB,
        description="Take no more records while this many bytes or more wait or are worked on; see guarantees.md.",
    )
    max_in_flight_chunks: int = Field(
        default=64, ge=1, description="Stop fetching while more chunks wait or are worked on."
    )
    retry_attempts: int = Field(default=6, ge=1, description="Tries of a transient failure before the worker exits.")
    retry_initial_secs: float = Field(
        default=0.2, gt=0, description="First pause between tries; it doubles, with jitter."
    )
    retry_max_secs: float = Field(default=10.0, gt=0, description="Longest pause between tries.")


class DedupSettings(Group):
    """The signature log and its fold."""

    append_timeout_secs: float = Field(
        default=10.0,
        gt=0,
        description="Wait this long for an appended signature to come back; then once more; then exit.",
    )
    snapshot_dir: Path | None = Field(
        default=None, description="Directory for snapshots of the fold; none are kept when unset."
    )
    snapshot_interval_secs: float = Field(default=300.0, gt=0, description="Pause between snapshots.")
    near_window_secs: int = Field(
        default=72 * HOUR_SECS, ge=60, description="How long near-duplicates are recognised. The same for all workers."
    )
    exact_window_secs: int = Field(
        default=168 * HOUR_SECS,
        ge=60,
        description="How long exact copies and revisions are recognised. The same for all workers.",
    )
    skip_offsets: Offsets = Field(
        default=(), description="Offsets of the signature log to pass over, comma-separated. The same for all workers."
    )

    @model_validator(mode="after")
    def _windows_are_ordered(self) -> Self:
        if self.near_window_secs > self.exact_window_secs:
            raise ValueError("near_window_secs must not exceed exact_window_secs")
        return self


class CircuitBreakerSettings(Group):
    """When a worker stops instead of draining a topic into its dead letters."""

    share: float = Field(
        default=0.5, gt=0, le=1, description="Share of unexpected rejects among recent records that stops the worker."
    )
    window_records: int = Field(default=1000, ge=1, description="How many recent records count.")
    min_records: int = Field(default=100, ge=1, description="The share counts from this many records on.")
    start_records: int = Field(
        default=10,
        ge=1,
        description="This many unexpected rejects of a stage stop the worker while nothing has passed the stage.",
    )

    @model_validator(mode="after")
    def _window_can_fill(self) -> Self:
        if self.min_records > self.window_records:
            raise ValueError("min_records must not exceed window_records")
        return self


class ShutdownSettings(Group):
    """How a worker ends."""

    grace_secs: float = Field(
        default=25.0,
        gt=0,
        description="After SIGTERM: finish work in flight within this time, or be ended. Below the orchestrator's.",
    )


class WatchdogSettings(Group):
    """When a worker that hangs ends itself (exit code 70)."""

    stall_secs: float = Field(
        default=120.0,
        gt=0,
        description="Work waits, and nothing was committed, or a partition was left alone, for this long.",
    )
    loop_stall_secs: float = Field(default=60.0, gt=0, description="The event loop did not run for this long.")
    rebalance_stall_secs: float = Field(default=300.0, gt=0, description="A rebalance has lasted this long.")
    start_stall_secs: float = Field(
        default=600.0, gt=0, description="The worker has not become ready, and its fold did not move, for this long."
    )


class WebSettings(Group):
    """Health and metrics over HTTP: /livez, /readyz, /startupz, /metrics."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 in a container.")
    port: int = Field(default=9464, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")


class LogSettings(Group):
    """What is logged, on standard output."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe level that is written."
    )
    format: Literal["json", "console"] = Field(
        default="json", description="One JSON object per line, or text for a terminal."
    )
