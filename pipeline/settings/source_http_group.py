"""Settings of `news-pipeline source http`."""

from pathlib import Path

from pydantic import Field

from pipeline.settings.groups import MIB, Group

__all__ = ["SourceHttpSettings"]


class SourceHttpSettings(Group):
    """The service to which producers push articles over HTTP: its address, its keys, and its bounds."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; any other than loopback needs TLS here "
        "or in front of it, because keys are sent in the clear.",
    )
    port: int = Field(default=8090, ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")
    keys_file: Path | None = Field(
        default=None,
        description="File of API keys, made by `source http-key`: hashes, each bound to sources. Read again when it "
        "changes. The service does not start without one.",
    )
    state_dir: Path = Field(
        default=Path("source-http"), description="Directory of the database of idempotency keys; one for each process."
    )
    tls_certificate: Path | None = Field(
        default=None, description="File with the certificate and its chain, PEM; without it, the service speaks HTTP."
    )
    tls_key: Path | None = Field(default=None, description="File with the private key of the certificate, PEM.")
    max_pending_bytes: int = Field(
        default=128 * MIB,
        ge=32 * MIB,
        description="Requests that are held in memory at a time, in bytes; further ones are answered with 503.",
    )
    max_connections: int = Field(
        default=200, ge=1, le=10_000, description="Connections at a time; further ones are closed at once."
    )
    body_secs: float = Field(
        default=30.0, gt=0, le=600, description="Longest time in which the body of a request must arrive."
    )
    acknowledge_secs: float = Field(
        default=8.0,
        gt=0,
        le=600,
        description="Longest time in which the brokers must acknowledge an article; then the answer is 503.",
    )
    records_per_sec: float = Field(
        default=50.0,
        gt=0,
        description="Articles per second that a key may send on average, where the file of keys says nothing else.",
    )
    idempotency_hours: float = Field(
        default=24.0, gt=0, le=720, description="How long the answer to an idempotency key is remembered."
    )
