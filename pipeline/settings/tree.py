"""The tree of all settings."""

from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, NestedSecretsSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from pipeline.domain.extraction import Extraction
from pipeline.settings.alert_group import AlertSettings
from pipeline.settings.feeds_group import FeedsSettings
from pipeline.settings.groups import (
    CircuitBreakerSettings,
    DedupSettings,
    FetchSettings,
    Guarantee,
    LogSettings,
    SearchSettings,
    ShutdownSettings,
    WatchdogSettings,
    WebSettings,
    WorkSettings,
)
from pipeline.settings.kafka_group import KafkaSettings
from pipeline.settings.monitor_group import MonitorSettings
from pipeline.settings.otel_group import OtelSettings
from pipeline.settings.source_group import SourceSettings
from pipeline.settings.source_http_group import SourceHttpSettings
from pipeline.settings.story_group import StorySettings
from pipeline.settings.subject_group import SubjectSettings
from pipeline.settings.websub_group import WebSubSettings

__all__ = ["Settings"]


class Settings(BaseSettings):
    """All settings. `load_settings` reads them, and also rejects unknown names."""

    model_config = SettingsConfigDict(
        env_prefix="NEWS_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        secrets_dir_missing="error",
        frozen=True,
        extra="forbid",
        validate_default=True,
        hide_input_in_errors=True,
    )

    guarantee: Guarantee = Field(
        default="exactly_once",
        description="`exactly_once` needs a broker with transactions; `at_least_once` may repeat events, same `ce_id`.",
    )
    environment: str = Field(
        default="",
        pattern=r"^[a-zA-Z0-9._-]*$",
        max_length=63,
        description="Name of the deployment, such as `production`: the label `environment` of all metrics.",
    )
    lane: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9-]*)?$",
        max_length=40,
        description="Name of a backfill with topics and a deduplication log of its own; empty for live traffic.",
    )
    group_prefix: str = Field(
        default="", pattern=r"^[a-zA-Z0-9._-]*$", description="Prefix of all consumer groups and transactional ids."
    )
    transaction_timeout_ms: int = Field(
        default=15_000, ge=1000, le=900_000, description="The broker aborts a transaction that is open for this long."
    )
    extraction: Extraction = Field(
        default="auto",
        description="How `ingest` extracts the text of HTML pages: `fast` by rules; `accurate` also by a scorer that "
        "has learned what belongs to articles; `auto` asks the scorer only where it is likely to find a better text.",
    )
    boilerplate_file: Path | None = Field(
        default=None,
        description="File of boilerplate lines by source, made by `learn boilerplate`. The same for all workers.",
    )
    topics_override_file: Path | None = Field(
        default=None,
        description="File with values of topics that differ from the catalogue: partitions, replicas, retention. "
        "`topics` and `config check` read it.",
    )
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    fetch: FetchSettings = Field(default_factory=FetchSettings)
    work: WorkSettings = Field(default_factory=WorkSettings)
    dedup: DedupSettings = Field(default_factory=DedupSettings)
    subjects: SubjectSettings = Field(default_factory=SubjectSettings)
    circuit_breaker: CircuitBreakerSettings = Field(default_factory=CircuitBreakerSettings)
    shutdown: ShutdownSettings = Field(default_factory=ShutdownSettings)
    watchdog: WatchdogSettings = Field(default_factory=WatchdogSettings)
    sources: SourceSettings = Field(default_factory=SourceSettings)
    source_http: SourceHttpSettings = Field(default_factory=SourceHttpSettings)
    feeds: FeedsSettings = Field(default_factory=FeedsSettings)
    websub: WebSubSettings = Field(default_factory=WebSubSettings)
    monitor: MonitorSettings = Field(default_factory=MonitorSettings)
    stories: StorySettings = Field(default_factory=StorySettings)
    web: WebSettings = Field(default_factory=WebSettings)
    alert: AlertSettings = Field(default_factory=AlertSettings)
    search: SearchSettings = Field(default_factory=SearchSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    otel: OtelSettings = Field(default_factory=OtelSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the hook's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment variables, secret files. No .env file is read."""
        return (init_settings, env_settings, NestedSecretsSettingsSource(file_secret_settings))

    def group(self, name: str) -> str:
        """Return the consumer group of a service, by its first stage, or of a command, by its name."""
        return f"{self.group_prefix}{self.lane}{'.' if self.lane else ''}news-{name}"

    def redacted(self) -> dict[str, Any]:
        """Return the effective settings as plain JSON values; secrets are replaced by asterisks."""
        return self.model_dump(mode="json")
