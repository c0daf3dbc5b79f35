"""The encoder's answer about a text depends on that text alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from pipeline.errors import ConfigError
from pipeline.models.subjects.encoder import EncoderParams, EncoderReader
from pipeline.models.subjects.reading import Reading, SubjectInput
from pipeline.models.subjects.taxonomy import SECOND_LEVEL, SECOND_LEVEL_VERSION
from pipeline_research.training.encoder_export import export_encoder
from pipeline_research.training.encoder_graph import GraphParams
from tests.harness.small_encoder import (
    POSITIONS,
    SCRIPTS,
    WIDTH,
    small_base,
    small_encoder,
    small_vocabulary,
    small_weights,
)

PARAMS = EncoderParams(max_tokens=POSITIONS)
TEXTS = [
    *(SubjectInput(headline=text, body=" ".join(SCRIPTS[:count])) for count, text in enumerate(SCRIPTS)),
    SubjectInput(headline="election"),
    SubjectInput(body="sports " * 400),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def reader(files: Path) -> EncoderReader:
    return EncoderReader(files, PARAMS)


@pytest.fixture(scope="module")
def readings(reader: EncoderReader) -> list[Reading | None]:
    return reader.read(TEXTS)


def test_every_text_gets_its_reading(readings: list[Reading | None]) -> None:
    found = [item for item in readings if item]
    assert len(found) == len(TEXTS)
    assert {(item.reader, len(item.logits), len(item.vector or b"")) for item in found} == {("encoder", 17, WIDTH)}
    assert len({item.logits for item in found}) == len(TEXTS), "two texts have the same answer"
    assert len({item.vector for item in found}) == len(TEXTS)


def test_neighbours_and_their_order_change_nothing(reader: EncoderReader, readings: list[Reading | None]) -> None:
    assert [reader.read([item])[0] for item in TEXTS] == readings
    order = np.random.default_rng(3).permutation(len(TEXTS))
    assert reader.read([TEXTS[number] for number in order]) == [readings[number] for number in order]
    assert reader.read(TEXTS + TEXTS) == readings + readings
    assert reader.read([]) == []


@pytest.mark.parametrize("threads", [2, 5])
def test_the_number_of_threads_changes_nothing(files: Path, threads: int, readings: list[Reading | None]) -> None:
    assert EncoderReader(files, PARAMS, threads).read(TEXTS) == readings


def test_logits_are_multiples_of_the_step(readings: list[Reading | None]) -> None:
    steps = np.array([item.logits for item in readings if item]) / PARAMS.logit_step
    assert np.array_equal(steps, np.rint(steps))
    assert np.ptp(steps) > 10


def test_the_largest_component_of_a_vector_is_full(readings: list[Reading | None]) -> None:
    for item in readings:
        assert item is not None
        vector = np.frombuffer(item.vector or b"", np.int8)
        assert np.abs(vector.astype(int)).max() == 127


@pytest.mark.parametrize("text", ["", "   \n\t ", "𒀀𒀁", "\x00"])
def test_a_text_of_which_nothing_is_known_has_no_reading(reader: EncoderReader, text: str) -> None:
    assert reader.read([SubjectInput(headline=text), TEXTS[0], SubjectInput(body=text)])[::2] == [None, None]


@pytest.mark.parametrize("text", ["\ud800 train", "ﬁ Ａ", "train\x00train", "𒀀 train"])
def test_odd_characters_are_read(reader: EncoderReader, text: str) -> None:
    (found,) = reader.read([SubjectInput(body=text)])
    assert found is not None


def test_only_the_beginning_is_read(reader: EncoderReader) -> None:
    begin = " ".join(["train election"] * 40)
    first, second = reader.read([SubjectInput(body=begin), SubjectInput(body=begin + " sports" * 100_000)])
    assert first == second
    assert first is not None
    assert 0 < first.words <= POSITIONS - 4  # less the beginning, the end, and the two pieces of the prefix


def test_headline_and_body_are_one_text(reader: EncoderReader) -> None:
    one, two = reader.read([SubjectInput("train", "election"), SubjectInput("", "train   election")])
    assert one == two


def test_version_and_taxonomy_come_with_the_weights(reader: EncoderReader) -> None:
    assert (reader.name, reader.version) == ("encoder", "small")
    assert reader.taxonomy_version


@pytest.mark.parametrize("name", ["about.json", "graph.onnx", "vocabulary.npz", "words.npy"])
def test_missing_and_damaged_files_say_what_to_do(tmp_path: Path, name: str) -> None:
    files = small_encoder(tmp_path / "encoder", layers=1)
    for damage in (b"", b"no weights", None):
        if damage is None:
            (files / name).unlink()
        else:
            (files / name).write_bytes(damage)
        with pytest.raises(ConfigError, match="install news-pipeline-models"):
            EncoderReader(files, PARAMS)


def test_weights_with_a_second_level_answer_it_too(tmp_path: Path, readings: list[Reading | None]) -> None:
    files = small_encoder(tmp_path, second=True)
    found = EncoderReader(files, PARAMS).read(TEXTS)
    logits = [item.second for item in found if item]
    assert {len(item or ()) for item in logits} == {len(SECOND_LEVEL)}
    assert len(set(logits)) == len(TEXTS), "two texts have the same answer"
    steps = np.array(logits) / PARAMS.logit_step
    assert np.array_equal(steps, np.rint(steps))
    assert [replace(item, second=None) for item in found if item] == readings, "the head changes the other answers"
    assert json.loads((files / "about.json").read_text())["second_level_version"] == SECOND_LEVEL_VERSION


def test_weights_without_a_second_level_leave_it_open(files: Path, readings: list[Reading | None]) -> None:
    assert {item.second for item in readings if item} == {None}
    assert "second_level_version" not in json.loads((files / "about.json").read_text())


def test_a_second_level_of_another_taxonomy_is_refused(tmp_path: Path) -> None:
    weights = small_weights(1, second=True)
    weights |= {name: weights[name][..., :-1] for name in ("second", "second_bias")}
    params = GraphParams(max_tokens=POSITIONS)
    export_encoder(weights, small_base(), small_vocabulary(), tmp_path, version="small", params=params)
    with pytest.raises(ConfigError, match="install news-pipeline-models"):
        EncoderReader(tmp_path, PARAMS)


def test_more_tokens_than_positions_are_refused(files: Path) -> None:
    with pytest.raises(ConfigError, match=f"at most {POSITIONS}"):
        EncoderReader(files, EncoderParams(max_tokens=POSITIONS + 1))
    assert json.loads((files / "about.json").read_text())["max_tokens"] == POSITIONS
