"""The groups of settings. docs/settings.md and .env.example are generated from their descriptions."""

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
    """Read `1, 2` as two items; without this, pydantic would expect JSON in the variable."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


def _none_is_no_value(value: object) -> object:
    """Read `none` as None; an empty variable counts as unset."""
    return None if value == "none" else value


Compression = Annotated[Literal["gzip", "snappy", "lz4", "zstd"] | None, BeforeValidator(_none_is_no_value)]
Offsets = Annotated[tuple[Annotated[int, Field(ge=0)], ...], NoDecode, BeforeValidator(_split_commas)]


class Group(BaseModel):
    """Base of all groups: frozen, and unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


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
    sasl_mechanism: SaslMechanism = Field(default="SCRAM-SHA-512", description="Mechanism of SASL authentication.")
    sasl_username: str | None = Field(default=None, description="User name; required by the SASL protocols.")
    sasl_password: SecretStr | None = Field(default=None, description="Password; required by the SASL protocols.")
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
    session_timeout_secs: float = Field(
        default=45.0,
        ge=1,
        le=1800,
        description="A worker without heartbeats for this long loses its partitions to other workers.",
    )
    heartbeat_interval_secs: float = Field(
        default=3.0, gt=0, description="Interval between heartbeats; at most a third of the session timeout."
    )
    request_timeout_secs: float = Field(default=60.0, ge=1, description="Time limit of one request to a broker.")
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

    @model_validator(mode="after")
    def _credentials_fit_the_protocol(self) -> Self:
        has_sasl = self.sasl_username is not None or self.sasl_password is not None
        if self.security_protocol.startswith("SASL_"):
            if not self.sasl_username or self.sasl_password is None or not self.sasl_password.get_secret_value():
                raise ValueError(f"security_protocol {self.security_protocol} requires sasl_username and sasl_password")
        elif has_sasl:
            # An unused password suggests that the connection is believed to be authenticated although it is not.
            raise ValueError(
                f"sasl_username and sasl_password are set, but security_protocol {self.security_protocol} does not use "
                "them; choose a SASL protocol or unset them"
            )
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


class FetchSettings(Group):
    """Fetching records from the brokers."""

    max_partition_bytes: int = Field(
        default=8 * MIB, ge=1024, description="Most bytes per partition in one fetch; a larger record is fetched whole."
    )
    max_bytes: int = Field(default=50 * MIB, ge=1024, description="Most bytes in one fetch, over all partitions.")
    max_wait_ms: int = Field(
        default=100, ge=1, le=60_000, description="Longest time that a broker waits for records before it responds."
    )


class WorkSettings(Group):
    """Size of a unit of work, work in flight, and retries."""

    max_batch_bytes: int = Field(
        default=4 * MIB,
        ge=1024,
        description="Most bytes of source records in one unit of work; a larger record is a unit by itself.",
    )
    max_batch_records: int = Field(default=1000, ge=1, description="Most source records in one unit of work.")
    max_in_flight_bytes: int = Field(
        default=64 * MIB,
        ge=MIB,
        description="Accept no more records while this many bytes are waiting or being processed; see guarantees.md.",
    )
    max_in_flight_chunks: int = Field(
        default=64,
        ge=1,
        description="Accept no more records while this many chunks are waiting or being processed.",
    )
    retry_attempts: int = Field(
        default=6, ge=1, description="Attempts at a unit of work that fails transiently; then the worker exits."
    )
    retry_initial_secs: float = Field(
        default=0.2, gt=0, description="First pause between attempts; it doubles each time, with jitter."
    )
    retry_max_secs: float = Field(default=10.0, gt=0, description="Longest pause between attempts.")


class DedupSettings(Group):
    """The signature log and its fold, which makes the verdicts."""

    append_timeout_secs: float = Field(
        default=10.0,
        gt=0,
        description="How long to wait for an appended signature to be read back; after the first time it is appended "
        "again, after the second the worker exits.",
    )
    snapshot_dir: Path | None = Field(
        default=None, description="Directory for snapshots of the fold; no snapshots when unset."
    )
    snapshot_interval_secs: float = Field(default=300.0, gt=0, description="Interval between snapshots.")
    near_window_secs: int = Field(
        default=72 * HOUR_SECS, ge=60, description="How long near copies are recognised. The same for all workers."
    )
    exact_window_secs: int = Field(
        default=168 * HOUR_SECS,
        ge=60,
        description="How long exact copies and revisions are recognised. The same for all workers.",
    )
    skip_offsets: Offsets = Field(
        default=(), description="Offsets of the signature log to skip, comma-separated. The same for all workers."
    )

    @model_validator(mode="after")
    def _windows_are_ordered(self) -> Self:
        if self.near_window_secs > self.exact_window_secs:
            raise ValueError("near_window_secs must not exceed exact_window_secs")
        return self


class CircuitBreakerSettings(Group):
    """When a worker exits (code 78) instead of sending a whole topic to the dead letters."""

    share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="The worker exits when more than this share of recent records was rejected as `unexpected`.",
    )
    window_records: int = Field(
        default=1000, ge=1, description="Number of recent records that the share is computed over."
    )
    min_records: int = Field(
        default=100, ge=1, description="The share is ignored until this many records were processed."
    )
    start_records: int = Field(
        default=10,
        ge=1,
        description="The worker exits after this many `unexpected` rejects of a stage that no record has passed yet.",
    )

    @model_validator(mode="after")
    def _window_can_fill(self) -> Self:
        if self.min_records > self.window_records:
            raise ValueError("min_records must not exceed window_records")
        return self


class ShutdownSettings(Group):
    """Shutdown of a worker."""

    grace_secs: float = Field(
        default=25.0,
        gt=0,
        description="Time after SIGTERM to finish work in flight; then the process is ended. Choose less than the "
        "orchestrator's grace period.",
    )


class WatchdogSettings(Group):
    """When the watchdog ends a worker that hangs (exit code 70): one of these is exceeded."""

    stall_secs: float = Field(
        default=120.0,
        gt=0,
        description="Time in which nothing was committed, or a partition made no progress, although records wait.",
    )
    loop_stall_secs: float = Field(default=60.0, gt=0, description="Time for which the event loop was blocked.")
    rebalance_stall_secs: float = Field(default=300.0, gt=0, description="Time that a rebalance takes.")
    start_stall_secs: float = Field(
        default=600.0, gt=0, description="Time in which a worker that is not ready made no progress in reading its log."
    )


class WebSettings(Group):
    """HTTP server for health checks and metrics: /livez, /readyz, /startupz, /metrics."""

    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address to listen on; use 0.0.0.0 in a container."
    )
    port: int = Field(default=9464, ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")


class LogSettings(Group):
    """Logging, on standard output."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level that is logged."
    )
    format: Literal["json", "console"] = Field(
        default="json", description="`json` is one object per line, `console` is text for a terminal."
    )
