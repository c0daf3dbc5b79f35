"""Settings: one frozen tree, read from `NEWS_*` environment variables and mounted secret files."""

from pipeline.settings.groups import (
    CircuitBreakerSettings,
    DedupSettings,
    FetchSettings,
    Guarantee,
    KafkaSettings,
    LogSettings,
    SaslMechanism,
    SecurityProtocol,
    ShutdownSettings,
    WatchdogSettings,
    WebSettings,
    WorkSettings,
)
from pipeline.settings.load import child_environment, load_settings
from pipeline.settings.tree import Settings

__all__ = [
    "CircuitBreakerSettings",
    "DedupSettings",
    "FetchSettings",
    "Guarantee",
    "KafkaSettings",
    "LogSettings",
    "SaslMechanism",
    "SecurityProtocol",
    "Settings",
    "ShutdownSettings",
    "WatchdogSettings",
    "WebSettings",
    "WorkSettings",
    "child_environment",
    "load_settings",
]
