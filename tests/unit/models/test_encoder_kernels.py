"""The encoder on processors with other instructions, emulated: sums of whole numbers are the same, floats nearly."""

import json
import platform
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.harness.small_encoder import POSITIONS, SCRIPTS, small_encoder
from tests.harness.tools import REPOSITORY, missing, program, run

CODE = f"""
import json, sys
from pathlib import Path
from pipeline.models.subjects.encoder import EncoderParams, EncoderReader
from pipeline.models.subjects.reading import SubjectInput
texts = [SubjectInput(headline=line) for line in sys.argv[2:]]
reader = EncoderReader(Path(sys.argv[1]), EncoderParams(max_tokens={POSITIONS}))
print(json.dumps([[item.logits, item.vector.hex()] for item in reader.read(texts)]))
"""
STEP = 1 / 64


def _answers(files: Path, *before: str) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], list[str]]:
    done = run([*before, sys.executable, "-c", CODE, str(files), *SCRIPTS], cwd=REPOSITORY, seconds=500)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    return np.array([logits for logits, _ in found]), [vector for _, vector in found]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("processor", ["Nehalem", "Haswell"])
def test_other_processors_answer_alike(tmp_path: Path, processor: str) -> None:
    if platform.machine() != "x86_64":
        missing("the emulated processors are of x86-64")
    emulator = program("qemu-x86_64", "qemu-user")
    files = small_encoder(tmp_path / "encoder")
    ours, vectors = _answers(files)
    theirs, others = _answers(files, emulator, "-cpu", processor)
    steps = np.abs(ours - theirs) / STEP
    assert steps.max() <= 4, "more than a rounding of activations differs"
    assert (steps == 0).mean() > 0.9
    for one, other in zip(vectors, others, strict=True):
        apart = np.frombuffer(bytes.fromhex(one), np.int8).astype(int) - np.frombuffer(bytes.fromhex(other), np.int8)
        assert np.abs(apart).max() <= 2
