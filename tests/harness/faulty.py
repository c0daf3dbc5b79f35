"""Faulty processes: bad, slow or other deployments, a shifted clock, a killed command; the product is unchanged."""

from pathlib import Path

from tests.harness.tools import REPOSITORY

__all__ = [
    "bad_deployment",
    "killed_command",
    "losing_a_partition",
    "movable_clock",
    "never_fetching",
    "next_release",
    "other_model",
    "paused_command",
    "slow_stage",
]

_RAISING = """\
from pipeline.stages.{module} import {name}

_process = {name}.process


def process(self, batch):
    for item in batch:
        text = getattr(item, "headline", None)
        if {marker!r} in (text if text is not None else (item.value or b"").decode("utf-8", "replace")):
            raise RuntimeError("a bug of this deployment")
    return _process(self, batch)


{name}.process = process
"""

_CLASSES = {
    "ingest": "IngestStage",
    "detect-language": "DetectLanguageStage",
    "classify": "ClassifyStage",
    "publish": "PublishStage",
}

_SLOW = """\
import time

from pipeline.stages.{module} import {name}

_process = {name}.process


def process(self, batch):
    time.sleep({secs} * len(batch))
    return _process(self, batch)


{name}.process = process
"""

_OTHER_MODEL = """\
from msgspec.structs import replace

import pipeline.assembly

_versions = pipeline.assembly.versions
pipeline.assembly.versions = lambda *given: replace(_versions(*given), subjects={version!r})
"""

_NEXT_RELEASE = """\
import pipeline.dedup.params
from pipeline.dedup.params import FoldParams

pipeline.dedup.params.FOLD_VERSIONS = {{1: FoldParams(), {version}: FoldParams(near_from={near_from})}}
"""

_NEVER_FETCHING = """\
import asyncio

from pipeline.kafka_io.transport import BatchConsumer


async def _fetch_once(self):
    await asyncio.sleep(3600)


BatchConsumer._fetch_once = _fetch_once
"""

_LOSING_A_PARTITION = """\
from pipeline.kafka_io.transport import BatchConsumer

_chunk = BatchConsumer._chunk
BatchConsumer._chunk = lambda self, tp, records: None if tp.partition == 0 else _chunk(self, tp, records)
"""

_MOVABLE_CLOCK = """\
import os
import time

_now = time.time
_offset = [0.0, 0.0]


def moved():
    now = _now()
    if now - _offset[1] > 0.2:
        _offset[1] = now
        try:
            with open({file!r}) as file:
                _offset[0] = float(file.read() or 0)
        except OSError:
            _offset[0] = 0.0
    return now + _offset[0]


time.time = moved
"""

_KILLED_COMMAND = """\
import os
import signal

from kafka import KafkaProducer

_commit = KafkaProducer.commit_transaction
_left = [{units}]


def commit(self):
    if not _left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    _left[0] -= 1
    return _commit(self)


KafkaProducer.commit_transaction = commit
"""

_PAUSED_COMMAND = """\
import time
from pathlib import Path

from kafka import KafkaProducer

_init = KafkaProducer.init_transactions
_there, _go = Path({there!r}), Path({go!r})


def init(self):
    _there.touch()
    while not _go.exists():
        time.sleep(0.05)
    return _init(self)


KafkaProducer.init_transactions = init
"""


def bad_deployment(directory: Path, stage: str, marker: str = "") -> dict[str, str]:
    """Return environment variables under which `stage` raises on articles with `marker` in the headline, or on all.

    They make Python import a `sitecustomize` module at start, which changes the stage.
    """
    module = stage.replace("-", "_")
    return _customised(directory, _RAISING.format(module=module, name=_CLASSES[stage], marker=marker))


def slow_stage(directory: Path, stage: str, secs: float) -> dict[str, str]:
    """Return environment variables under which `stage` takes so many seconds longer for each record."""
    module = stage.replace("-", "_")
    return _customised(directory, _SLOW.format(module=module, name=_CLASSES[stage], secs=secs))


def never_fetching(directory: Path) -> dict[str, str]:
    """Return environment variables under which a worker joins its group, sends heartbeats, and fetches nothing."""
    return _customised(directory, _NEVER_FETCHING)


def losing_a_partition(directory: Path) -> dict[str, str]:
    """Return environment variables under which a worker drops whatever it fetches of partition 0."""
    return _customised(directory, _LOSING_A_PARTITION)


def other_model(directory: Path, version: str) -> dict[str, str]:
    """Return environment variables under which the subject model has another version."""
    return _customised(directory, _OTHER_MODEL.format(version=version))


def next_release(directory: Path, version: int, near_from: float) -> dict[str, str]:
    """Return environment variables under which the fold has a second version with another threshold."""
    return _customised(directory, _NEXT_RELEASE.format(version=version, near_from=near_from))


def movable_clock(directory: Path, file: Path) -> dict[str, str]:
    """Return environment variables under which Python's wall clock is shifted by the seconds that a file contains."""
    return _customised(directory, _MOVABLE_CLOCK.format(file=str(file)))


def killed_command(directory: Path, units: int) -> dict[str, str]:
    """Return environment variables under which a command is killed before it commits its unit number `units` + 1."""
    return _customised(directory, _KILLED_COMMAND.format(units=units))


def paused_command(directory: Path) -> dict[str, str]:
    """Return environment variables under which a command pauses before it fences a former run of itself.

    It creates the file `there`, and continues once the file `go` exists.
    """
    there, go = str(directory / "there"), str(directory / "go")
    return _customised(directory, _PAUSED_COMMAND.format(there=there, go=go))


def _customised(directory: Path, text: str) -> dict[str, str]:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sitecustomize.py").write_text(text, "utf-8")
    return {"PYTHONPATH": f"{directory}:{REPOSITORY}"}
