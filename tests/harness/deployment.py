"""The deployment files, parsed for tests: compose services, rules, dashboards."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
import yaml

from tests.harness.tools import REPOSITORY

__all__ = [
    "DASHBOARDS",
    "DEPLOY",
    "RULES",
    "compose",
    "dashboards",
    "kafka_properties",
    "panel_queries",
    "rules",
    "scraped",
    "workers",
]

DEPLOY = REPOSITORY / "deploy"
RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))

# The image's entry point uses these itself; all other KAFKA_* variables are properties of the broker.
_NOT_PROPERTIES = frozenset(
    {
        "KAFKA_VERSION",
        "KAFKA_HEAP_OPTS",
        "KAFKA_OPTS",
        "KAFKA_JMX_OPTS",
        "KAFKA_JMX_HOSTNAME",
        "KAFKA_JVM_PERFORMANCE_OPTS",
        "KAFKA_GC_LOG_OPTS",
        "KAFKA_LOG4J_OPTS",
        "KAFKA_LOG4J_ROOT_LOGLEVEL",
        "KAFKA_LOG4J_LOGGERS",
        "KAFKA_TOOLS_LOG4J_LOGLEVEL",
    }
)


@cache
def compose() -> dict[str, Any]:
    """Return the compose file with its anchors resolved."""
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text("utf-8"))
    return loaded


def workers(profile: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the services that run stages, all or those of a profile."""
    services = compose()["services"].items()
    found = {name: service for name, service in services if service.get("command", [])[:1] == ["worker"]}
    return {name: service for name, service in found.items() if profile is None or profile in service["profiles"]}


def scraped() -> dict[str, dict[str, Any]]:
    """Return the services that Prometheus scrapes: the workers, and those around them."""
    around = ("monitor", "search", "alert", "feeds", "http")
    return workers() | {name: compose()["services"][name] for name in around}


@cache
def rules() -> list[dict[str, Any]]:
    """Return all recording and alerting rules."""
    files = [yaml.safe_load(path.read_text("utf-8")) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


@cache
def dashboards() -> dict[str, dict[str, Any]]:
    """Return all dashboards by file name."""
    return {path.name: orjson.loads(path.read_bytes()) for path in DASHBOARDS}


def panel_queries(*, rate_interval: str, over: str) -> list[tuple[str, str]]:
    """Return (panel title, PromQL) of every query, for all services and stages, with the given time ranges."""
    values = {"$__rate_interval": rate_interval, "$__range": over, "$job": "news-pipeline"}
    values |= dict.fromkeys(("$environment", "$lane", "$service", "$stage"), ".*")
    found = []
    for board in dashboards().values():
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"]
                for variable, value in values.items():
                    expression = expression.replace(variable, value)
                found.append((panel["title"], expression))
    return found


def kafka_properties(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the server.properties that the image derives from the environment: `_` is a dot, `__` an underscore."""
    return {
        re.sub(
            "_{1,3}", lambda found: {1: ".", 2: "_", 3: "-"}[len(found[0])], name.removeprefix("KAFKA_").lower()
        ): value
        for name, value in environment.items()
        if name.startswith("KAFKA_") and name not in _NOT_PROPERTIES
    }
