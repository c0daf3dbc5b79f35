"""What is deployed, as tests read it: compose services, rules, dashboards; and the tools that check it."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

__all__ = [
    "DASHBOARDS",
    "DEPLOY",
    "REPOSITORY",
    "RULES",
    "compose",
    "dashboards",
    "kafka_properties",
    "promtool",
    "rules",
    "run",
    "uv_binary",
    "uv_tool",
    "workers",
]

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))

# The image's entry point takes these for itself; all other KAFKA_* variables are properties of the broker.
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
    """The compose file with its anchors resolved."""
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text("utf-8"))
    return loaded


def workers(profile: str | None = None) -> dict[str, dict[str, Any]]:
    """The services that run stages, all or those of a profile."""
    found = {
        name: service for name, service in compose()["services"].items() if service.get("command", [""])[0] == "worker"
    }
    return {name: service for name, service in found.items() if profile is None or profile in service["profiles"]}


@cache
def rules() -> list[dict[str, Any]]:
    """All recording and alerting rules."""
    files = [yaml.safe_load(path.read_text("utf-8")) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


@cache
def dashboards() -> dict[str, dict[str, Any]]:
    """All dashboards by file name."""
    return {path.name: orjson.loads(path.read_bytes()) for path in DASHBOARDS}


def kafka_properties(environment: Mapping[str, str]) -> dict[str, str]:
    """Turn the broker's environment into its server.properties as the image does: `_` is a dot, `__` an underscore."""
    return {
        re.sub(
            "_{1,3}", lambda found: {1: ".", 2: "_", 3: "-"}[len(found[0])], name.removeprefix("KAFKA_").lower()
        ): value
        for name, value in environment.items()
        if name.startswith("KAFKA_") and name not in _NOT_PROPERTIES
    }


def promtool() -> str:
    """Prometheus's own checker, or skip."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    return found


def uv_binary() -> str:
    """The installer, or skip."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(REPOSITORY / ".cache" / "uv" / "bin"))
    if uv is None:
        pytest.skip("uv is not installed")
    return uv


def uv_tool(package: str, *command: str) -> list[str]:
    """A command of a package that is fetched into an environment of its own, or skip when that is not possible."""
    tool = [uv_binary(), "tool", "run", "--quiet", "--from", package, *command]
    if (tried := run([*tool, "--version"])).returncode != 0:
        pytest.skip(f"{package} cannot be fetched: {tried.stderr.strip()[-300:]}")
    return tool


def run(
    command: list[str], *, cwd: Path = REPOSITORY, env: Mapping[str, str] | None = None, seconds: float = 100.0
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and keep what it says."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )
