"""Learning on made features: what is learned, and that the shipped arithmetic keeps it."""

import numpy as np
import pytest
from scipy import sparse

from pipeline_research.training.network import Examples, NetworkSettings, train_network
from pipeline_research.training.static_vectors import StaticSettings, learn_vectors, quantised, weighted

SETTINGS = NetworkSettings(bits=6, hashed_dim=4, hidden=16, epochs=30, batch=32)


def _examples(count: int, seed: int) -> Examples:
    """The first class shows in the static vector, the second in the hashed features."""
    rng = np.random.default_rng(seed)
    static = rng.normal(0, 1, (count, 5)).astype(np.float32)
    bucket = rng.integers(0, 2, count)
    hashed = sparse.csr_matrix((np.ones(count, np.float32), (np.arange(count), bucket)), shape=(count, 64))
    labels = np.stack((static[:, 0] > 0, bucket == 1), axis=1).astype(np.float32)
    return Examples(static, hashed, labels, np.ones_like(labels))


def test_a_network_learns_from_both_sides_and_the_same_every_time() -> None:
    log_lines: list[str] = []
    network = train_network(_examples(600, 1), SETTINGS, log_lines.append).calibrated(_examples(200, 2))
    held = _examples(300, 3)
    odds = network.probabilities(held.static, held.hashed)
    assert np.mean((odds > 0.5) == (held.labels > 0.5)) > 0.93
    assert len(log_lines) == SETTINGS.epochs
    again = train_network(_examples(600, 1), SETTINGS, log_lines.append)
    assert np.array_equal(again.table, network.table)


def test_quantised_weights_fit_their_bits() -> None:
    network = train_network(_examples(200, 1), SETTINGS, lambda _: None).calibrated(_examples(100, 2))
    arrays = network.arrays()
    for name in ("bag_table", "first", "second"):
        assert arrays[name].dtype == np.int8
        assert np.abs(arrays[name].astype(int)).max() <= 127
    assert {"static_mean", "static_scale", "bag_scale", "hidden_scale", "second_step"} <= arrays.keys()


def test_features_without_training_texts_have_no_effect() -> None:
    network = train_network(_examples(200, 1), SETTINGS, lambda _: None)
    assert not network.table[2:].any()
    assert network.table[:2].any()


def test_static_vectors_turn_towards_the_teacher() -> None:
    rng = np.random.default_rng(4)
    table = rng.normal(0, 1, (50, 12)).astype(np.float32)
    pieces = sparse.random(800, 50, density=0.1, format="csr", random_state=5, dtype=np.float32)
    hidden = rng.normal(0, 1, (50, 8)).astype(np.float32)
    targets = np.asarray(pieces @ hidden)
    log_lines: list[str] = []
    start = weighted(table, np.ones(50, np.float32))
    found = learn_vectors(start, pieces, targets, StaticSettings(dim=8, epochs=20, batch=64), log_lines.append)
    cosines = [float(line.rsplit(" ", 1)[1]) for line in log_lines]
    assert cosines[-1] > max(0.8, cosines[0])
    codes, factors = quantised(found)
    assert (codes.min(), codes.max()) == (-7, 7)
    back = codes.astype(float) * factors[:, None]
    similar = (back * found).sum(1) / np.linalg.norm(back, axis=1) / np.linalg.norm(found, axis=1)
    assert similar.min() == pytest.approx(1, abs=0.1)
