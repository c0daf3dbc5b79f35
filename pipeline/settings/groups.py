"""The groups of settings. docs/settings.md and .env.example are generated from their descriptions."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from pipeline.domain.events import Published

__all__ = [
    "CircuitBreakerSettings",
    "DedupSettings",
    "FetchSettings",
    "Group",
    "Guarantee",
    "LogSettings",
    "SearchSettings",
    "ServingSettings",
    "ShutdownSettings",
    "WatchdogSettings",
    "WebSettings",
    "WorkSettings",
    "split_commas",
]

Guarantee = Literal["exactly_once", "at_least_once"]

MIB = 1024 * 1024
HOUR_SECS = 3600


def split_commas(value: object) -> object:
    """Read `1, 2` as two items; without this, pydantic would expect JSON in the variable."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


Offsets = Annotated[tuple[Annotated[int, Field(ge=0)], ...], NoDecode, BeforeValidator(split_commas)]


class Group(BaseModel):
    """Base of all groups: frozen, and unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


class FetchSettings(Group):
    """Fetching records from the brokers."""

    max_partition_bytes: int = Field(
        default=8 * MIB, ge=1024, description="Most bytes per partition in one fetch; a larger record is fetched whole."
    )
    max_bytes: int = Field(default=50 * MIB, ge=1024, description="Most bytes in one fetch, over all partitions.")
    max_wait_ms: int = Field(
        default=500, ge=1, le=60_000, description="Longest time that a broker waits for records before it responds."
    )


class WorkSettings(Group):
    """Size of a unit of work, work in flight, and retries."""

    unit_secs: float = Field(
        default=0.5,
        gt=0,
        le=10,
        description="Time in seconds that the stages should take for one unit of work: its number of records follows "
        "the time measured for the units before. Shorter units commit and stop sooner and need more transactions.",
    )
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
    enrich_copies: bool = Field(
        default=True,
        description="Whether copies pass through the stages after `dedupe` and get a language and subjects, at the "
        "cost of any article. If not, `dedupe` writes them to the duplicates topic at once.",
    )
    published: Published = Field(
        default="unique",
        description="What is published as events: `unique` articles, with copies on the duplicates topic, or `all` "
        "articles, with copies marked by `dedup.kind`. The same for all workers.",
    )

    bind_principals: bool = Field(
        default=False,
        description="Whether an article can only be withdrawn by a record with the header `principal` of the one that "
        "published it, and not by any record with the same `source`. On only where nobody but sources writes the raw "
        "topic. The same for all workers.",
    )

    @model_validator(mode="after")
    def _windows_are_ordered(self) -> Self:
        if self.near_window_secs > self.exact_window_secs:
            raise ValueError("near_window_secs must not exceed exact_window_secs")
        return self

    @model_validator(mode="after")
    def _published_copies_are_enriched(self) -> Self:
        if self.published == "all" and not self.enrich_copies:
            raise ValueError("published `all` requires enrich_copies")
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
        description="Time after SIGTERM to finish units of work that were begun; then the process is ended. "
        "Choose less than the orchestrator's grace period.",
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
    """HTTP server for health checks, metrics and the status page: /livez, /readyz, /startupz, /metrics, /."""

    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address to listen on; use 0.0.0.0 in a container."
    )
    port: int = Field(default=9464, ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")
    status_page: bool = Field(
        default=True,
        description="Whether / shows the worker's state to people: numbers, names of topics and groups, versions and "
        "a choice of settings; no credentials, nothing of articles.",
    )


class ServingSettings(Group):
    """Address of a service that answers people and programs, who may use it, and where its state is."""

    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address to listen on; any other than loopback needs a token."
    )
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")
    token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What requests must show, as a bearer token or as the password of basic authentication.",
    )


class SearchSettings(ServingSettings):
    """The search service, `news-pipeline search`."""

    index_dir: Path = Field(
        default=Path("search-index"), description="Directory of the index; it is built again when it is missing."
    )
    query_secs: float = Field(default=5.0, gt=0, le=60, description="Longest time of a query; then the answer is 503.")
    by_meaning: bool = Field(
        default=False,
        description="Whether queries also find articles by the vectors of events, across languages. Needs events with "
        "vectors (`NEWS_SUBJECTS__VECTOR`); the encoder reads every query.",
    )
    max_vectors: int = Field(
        default=200_000, ge=1, description="Latest articles whose vectors are compared; each takes 384 bytes of memory."
    )


class LogSettings(Group):
    """Logging, on standard output."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level that is logged."
    )
    format: Literal["json", "otel", "console"] = Field(
        default="json",
        description="`json` is one object per line; `otel` too, with the field names of OpenTelemetry's log data "
        "model; `console` is text for a terminal.",
    )
