"""What all tests share: property tests judge results, never the machine's speed; subjects are read the fast way.

The end of a run names the brokers that it used, in all of its processes.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from pipeline import assembly
from tests.harness.brokers_used import BROKERS_USED
from tests.harness.subjects import FAST_READER

settings.register_profile("pipeline", deadline=None)
settings.load_profile("pipeline")

os.environ.update(FAST_READER)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[BROKERS_USED] = set[str]()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        used: set[str] = session.config.stash[BROKERS_USED]
        session.config.workeroutput["brokers"] = sorted(used)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[BROKERS_USED].update(getattr(node, "workeroutput", {}).get("brokers", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    used: set[str] = config.stash[BROKERS_USED]
    terminalreporter.write_line(f"brokers used: {', '.join(sorted(used)) or 'none'}")


EncoderIn = Callable[[Path], None]


@pytest.fixture
def encoder_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[EncoderIn]:
    """Return a function that names the directory of the encoder's weights; what was built before is forgotten."""
    caches = (assembly._subjects_version, assembly._subject_classifier, assembly._encoder_reader)

    def put(directory: Path) -> None:
        monkeypatch.setattr("pipeline.models.subjects.encoder.subjects_encoder", lambda: directory)
        for cache in caches:
            cache.cache_clear()

    yield put
    for cache in caches:
        cache.cache_clear()
