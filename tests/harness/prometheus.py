"""A Prometheus server with the shipped configuration and rules, for workers that run as test processes."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from pipeline.ops.ready import free_port
from scripts.render_rules import rendered
from tests.harness.deployment import DEPLOY, RULES, compose
from tests.harness.tools import program
from tests.harness.workers import wait_until

__all__ = ["Prometheus"]


class Prometheus:
    """Runs with the flags of its service in docker-compose.yml; scrapes the given ports every second."""

    def __init__(self, directory: Path, ports: Mapping[str, int], *, scale: float = 1.0) -> None:
        """Prepare the configuration in `directory`.

        Args:
            directory: Any empty directory.
            ports: The ports to scrape, by name of the compose service.
            scale: Factor for all times in the shipped rules.
        """
        self._program = program("prometheus", "prometheus")
        self._directory = directory
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        (directory / "prometheus.yml").write_text(yaml.safe_dump(_configuration(ports)), "utf-8")
        (directory / "rules").mkdir()
        for path in RULES:
            (directory / "rules" / path.name).write_text(rendered(path.read_text("utf-8"), scale=scale), "utf-8")

    def __enter__(self) -> Self:
        flags = [
            flag.replace("/etc/prometheus", str(self._directory)).replace(
                "=/prometheus", f"={self._directory / 'data'}"
            )
            for flag in compose()["services"]["prometheus"]["command"]
        ]
        command = [self._program, *flags, f"--web.listen-address=127.0.0.1:{self._port}"]
        log = self._directory / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, cwd=self._directory)
        try:
            wait_until(lambda: self._ended() or self._ready(), seconds=60, what="Prometheus is ready")
            assert not self._ended(), log.read_text("utf-8")[-2000:]
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Evaluate an expression now; return (labels, value) of every series."""
        answer = self.get(f"query?{urllib.parse.urlencode({'query': expression})}")
        return [(found["metric"], float(found["value"][1])) for found in answer["result"]]

    def get(self, path: str) -> Any:
        """Return the data of an API path."""
        return json.loads(self._fetch(f"/api/v1/{path}"))["data"]

    def _ready(self) -> bool:
        try:
            self._fetch("/-/ready")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _fetch(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as answer:
            body: bytes = answer.read()
        return body

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(30)


def _configuration(ports: Mapping[str, int]) -> dict[str, Any]:
    """Return the shipped configuration with static targets instead of DNS discovery."""
    config: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (job,) = (item for item in config["scrape_configs"] if item["job_name"] == "news-pipeline")
    (found,) = job.pop("dns_sd_configs")
    assert ports.keys() <= set(found["names"])
    job["static_configs"] = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {"__meta_dns_name": service}} for service, port in ports.items()
    ]
    config["scrape_configs"] = [job]
    return config
