"""A bad deployment, another model, a moved clock, a dying command: processes changed from outside the product."""

from pathlib import Path

from tests.harness.tools import REPOSITORY

__all__ = [
    "bad_deployment",
    "deaf",
    "deaf_to_a_partition",
    "dying_command",
    "held_command",
    "movable_clock",
    "next_release",
    "other_model",
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

_OTHER_MODEL = """\
from msgspec.structs import replace

import pipeline.assembly

_versions = pipeline.assembly.versions
pipeline.assembly.versions = lambda: replace(_versions(), subjects={version!r})
"""

_NEXT_RELEASE = """\
import pipeline.dedup.params
from pipeline.dedup.params import FoldParams

pipeline.dedup.params.FOLD_VERSIONS = {{1: FoldParams(), {version}: FoldParams(near_from={near_from})}}
"""

_DEAF = """\
import asyncio

from pipeline.kafka_io.transport import BatchConsumer


async def _fetch_once(self):
    await asyncio.sleep(3600)


BatchConsumer._fetch_once = _fetch_once
"""

_DEAF_TO_A_PARTITION = """\
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

_DYING_COMMAND = """\
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

_HELD_COMMAND = """\
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

    Python runs a module of that name before anything else.
    """
    module = stage.replace("-", "_")
    return _customised(directory, _RAISING.format(module=module, name=_CLASSES[stage], marker=marker))


def deaf(directory: Path) -> dict[str, str]:
    """Return environment variables under which a worker joins its group, beats its heart, and fetches nothing."""
    return _customised(directory, _DEAF)


def deaf_to_a_partition(directory: Path) -> dict[str, str]:
    """Return environment variables under which what is fetched of partition 0 gets lost inside the worker."""
    return _customised(directory, _DEAF_TO_A_PARTITION)


def other_model(directory: Path, version: str) -> dict[str, str]:
    """Return environment variables under which the subject model is another version."""
    return _customised(directory, _OTHER_MODEL.format(version=version))


def next_release(directory: Path, version: int, near_from: float) -> dict[str, str]:
    """Return environment variables under which there is another version of the fold, with another threshold."""
    return _customised(directory, _NEXT_RELEASE.format(version=version, near_from=near_from))


def movable_clock(directory: Path, file: Path) -> dict[str, str]:
    """Return environment variables under which the wall clock of Python code is off by the seconds a file names."""
    return _customised(directory, _MOVABLE_CLOCK.format(file=str(file)))


def dying_command(directory: Path, units: int) -> dict[str, str]:
    """Return environment variables under which a command commits so many units, and is killed within the next."""
    return _customised(directory, _DYING_COMMAND.format(units=units))


def held_command(directory: Path) -> dict[str, str]:
    """Return environment variables under which a command waits before it stops a former one.

    It makes a file `there`, and goes on when there is a file `go`.
    """
    there, go = str(directory / "there"), str(directory / "go")
    return _customised(directory, _HELD_COMMAND.format(there=there, go=go))


def _customised(directory: Path, text: str) -> dict[str, str]:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sitecustomize.py").write_text(text, "utf-8")
    return {"PYTHONPATH": f"{directory}:{REPOSITORY}"}
