"""Jars from Maven, fetched once into .cache."""

import subprocess
import tempfile
from pathlib import Path

__all__ = ["fetched"]

_CACHE = Path(__file__).resolve().parents[2] / ".cache"
_DOWNLOAD_TIMEOUT_SECS = 900.0


def fetched(pom: Path, name: str) -> Path:
    """Return the directory `.cache/NAME` with the runtime dependencies of a POM; the first call fetches them."""
    kept = _CACHE / name
    if kept.is_dir():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=f"{kept.name}-download-") as scratch:
        jars = Path(scratch) / "jars"
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
        command = ["mvn", "-B", "-q", "-f", str(pom), goal, f"-DoutputDirectory={jars}", "-DincludeScope=runtime"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DOWNLOAD_TIMEOUT_SECS, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"maven could not fetch {name}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        try:
            jars.rename(kept)
        except OSError:
            if not kept.is_dir():  # otherwise a concurrent run has fetched the same jars
                raise
    return kept
