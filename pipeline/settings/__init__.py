"""Settings: one frozen tree, read from `NEWS_*` environment variables and mounted secret files."""

from pipeline.settings.alert_group import AlertSettings
from pipeline.settings.feeds_group import FeedsSettings
from pipeline.settings.files import missing_files
from pipeline.settings.groups import (
    CircuitBreakerSettings,
    DedupSettings,
    FetchSettings,
    Guarantee,
    LogSettings,
    SearchSettings,
    ServingSettings,
    ShutdownSettings,
    WatchdogSettings,
    WebSettings,
    WorkSettings,
)
from pipeline.settings.kafka_group import KafkaSettings, SaslMechanism, SecurityProtocol
from pipeline.settings.load import child_environment, load_settings
from pipeline.settings.monitor_group import MonitorSettings
from pipeline.settings.oauth_group import OAuthSettings
from pipeline.settings.otel_group import OtelSettings
from pipeline.settings.source_group import SourceSettings
from pipeline.settings.source_http_group import SourceHttpSettings
from pipeline.settings.story_group import StorySettings
from pipeline.settings.subject_group import SubjectSettings
from pipeline.settings.tree import Settings
from pipeline.settings.websub_group import WebSubSettings

__all__ = [
    "AlertSettings",
    "CircuitBreakerSettings",
    "DedupSettings",
    "FeedsSettings",
    "FetchSettings",
    "Guarantee",
    "KafkaSettings",
    "LogSettings",
    "MonitorSettings",
    "OAuthSettings",
    "OtelSettings",
    "SaslMechanism",
    "SearchSettings",
    "SecurityProtocol",
    "ServingSettings",
    "Settings",
    "ShutdownSettings",
    "SourceHttpSettings",
    "SourceSettings",
    "StorySettings",
    "SubjectSettings",
    "WatchdogSettings",
    "WebSettings",
    "WebSubSettings",
    "WorkSettings",
    "child_environment",
    "load_settings",
    "missing_files",
]
