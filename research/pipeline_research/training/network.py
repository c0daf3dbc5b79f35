"""The subject network and its training, in numpy."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy import sparse

from pipeline_research.training.adam import Adam, SparseAdam

__all__ = ["Examples", "Network", "NetworkSettings", "train_network"]

Floats = NDArray[np.float32]

_CLIP: Final = 4.0  # standard deviations at which inputs are clipped: the shipped network uses 8 bits
_STRONG: Final = 0.3  # labels with at most this weight are ignored in the calibration
_SAFE: Final = 30.0  # logits are clipped here, so that exp does not overflow


class NetworkSettings(Struct, frozen=True):
    """Sizes and rates, chosen on held-out training texts."""

    bits: int = 17
    hashed_dim: int = 32
    hidden: int = 256
    epochs: int = 6
    batch: int = 256
    rate: float = 2e-3
    hashed_rate: float = 1.2e-2
    dropout: float = 0.3
    drop_hashed: float = 0.35
    drop_static: float = 0.1
    smoothing: float = 0.02
    decay: float = 1e-4
    hashed_scale: float = 6.0
    seed: int = 3


class Examples(Struct, frozen=True):
    """Training examples.

    static: Static vectors (texts × dim). hashed: Shares of buckets, sparse (texts × buckets). labels, weights: Labels
    and their weights (texts × classes).
    """

    static: Floats
    hashed: Any
    labels: Floats
    weights: Floats

    def joined(self, other: "Examples") -> "Examples":
        """Return these examples followed by others."""
        return Examples(
            np.concatenate((self.static, other.static)),
            sparse.vstack((self.hashed, other.hashed)).tocsr(),
            np.concatenate((self.labels, other.labels)),
            np.concatenate((self.weights, other.weights)),
        )

    def only(self, mask: NDArray[np.bool_]) -> "Examples":
        """Return the examples that a mask (texts) selects."""
        return Examples(self.static[mask], self.hashed[mask], self.labels[mask], self.weights[mask])


class Network(Struct, frozen=True):
    """The trained parameters.

    static_mean, static_scale: Standardisation of static vectors (dim). table: Vectors of buckets (buckets ×
    hashed_dim). first: First layer (dim + hashed_dim × hidden). second: Second layer (hidden × classes). Each has a
    bias. hidden_peak: Largest value of the hidden layer in the quantised network.
    """

    static_mean: Floats
    static_scale: Floats
    table: Floats
    hashed_scale: float
    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats
    hidden_peak: float = 1.0

    def hidden(self, static: Floats, hashed: Any) -> Floats:
        """Return the hidden layer (texts × hidden)."""
        left = (static - self.static_mean) * self.static_scale
        right = np.asarray(hashed @ self.table) * np.float32(self.hashed_scale)
        inputs = np.clip(np.concatenate((left, right), axis=1), -_CLIP, _CLIP)
        return np.asarray(np.maximum(inputs @ self.first + self.first_bias, 0), dtype=np.float32)

    def logits(self, static: Floats, hashed: Any) -> Floats:
        """Return the logits (texts × classes)."""
        return self.hidden(static, hashed) @ self.second + self.second_bias

    def probabilities(self, static: Floats, hashed: Any) -> Floats:
        """Return the probability of every subject (texts × classes)."""
        return _sigmoid(self.logits(static, hashed))

    def calibrated(self, held: Examples) -> "Network":
        """Return the network with logits calibrated on held-out texts by log loss: one slope, one shift per class."""
        logits = self.logits(held.static, held.hashed)
        weights = np.where(held.weights > _STRONG, np.float32(1), np.float32(0))
        slope, shift = 1.0, np.zeros(logits.shape[1], np.float32)
        for _ in range(600):
            odds = _sigmoid(np.float32(slope) * logits + shift)
            error = (odds - held.labels) * weights
            slope -= 2.0 * float((error * logits).sum() / (weights * logits**2).sum())
            shift -= 2.0 * error.sum(0) / (np.maximum((weights * odds * (1 - odds)).sum(0), 1) * 4 + 4)
        return replace(
            self,
            second=self.second * np.float32(slope),
            second_bias=self.second_bias * np.float32(slope) + shift,
            hidden_peak=float(np.quantile(self.hidden(held.static, held.hashed), 0.9999)),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the quantised parameters by name; in table and layers 8-bit integers, whose sums are exact.

        The names are part of the format of subjects.npz; `bag_*` are arrays of the hashed features.
        """
        table_step = np.quantile(np.abs(self.table), 0.9999) / 127
        first_step = np.abs(self.first).max(0) / 127
        second_step = np.abs(self.second).max(0) / 127
        hashed_scale = np.full(self.table.shape[1], self.hashed_scale * table_step * 127 / _CLIP, np.float32)
        return {
            "bag_table": np.clip(np.rint(self.table / table_step), -127, 127).astype(np.int8),
            "static_mean": self.static_mean.astype(np.float32),
            "static_scale": (self.static_scale * 127 / _CLIP).astype(np.float32),
            "bag_scale": hashed_scale,
            "first": np.rint(self.first / first_step).astype(np.int8),
            "first_step": (first_step * _CLIP / 127).astype(np.float32),
            "first_bias": self.first_bias.astype(np.float32),
            "second": np.rint(self.second / second_step).astype(np.int8),
            "hidden_scale": np.asarray(255 / self.hidden_peak, np.float32),
            "second_step": (second_step * self.hidden_peak / 255).astype(np.float32),
            "second_bias": self.second_bias.astype(np.float32),
        }


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -_SAFE, _SAFE))), dtype=np.float32)


class _Trainer:
    """Trains the table of hashed features and the layers by weighted binary cross-entropy."""

    def __init__(self, examples: Examples, settings: NetworkSettings) -> None:
        self.settings = settings
        self.rng = np.random.default_rng(settings.seed)
        self.examples = examples
        self.mean = examples.static.mean(0)
        self.scale = 1 / np.maximum(examples.static.std(0), np.float32(1e-6))
        self.left = np.clip((examples.static - self.mean) * self.scale, -_CLIP, _CLIP).astype(np.float32)
        self.width = examples.static.shape[1]
        classes = examples.labels.shape[1]
        inputs = self.width + settings.hashed_dim
        normal = self.rng.normal
        # Zeros, so that buckets without training texts have no effect.
        self.table = SparseAdam(np.zeros((1 << settings.bits, settings.hashed_dim), np.float32))
        self.first = Adam(normal(0, 1 / np.sqrt(inputs), (inputs, settings.hidden)).astype(np.float32))
        self.first_bias = Adam(np.zeros(settings.hidden, np.float32))
        self.second = Adam(normal(0, 1 / np.sqrt(settings.hidden), (settings.hidden, classes)).astype(np.float32))
        self.second_bias = Adam(np.full(classes, -2.0, np.float32))

    def step(self, rows: NDArray[np.intp], fade: float) -> float:
        """Take one step on a batch, and return its loss.

        Args:
            rows: Numbers of the examples.
            fade: Factor of the learning rates, from 1 to 0.
        """
        settings, rng, count = self.settings, self.rng, len(rows)
        keep_hashed = (rng.random(count) >= settings.drop_hashed)[:, None].astype(np.float32)
        keep_static = np.maximum(
            (rng.random(count) >= settings.drop_static)[:, None].astype(np.float32), 1 - keep_hashed
        )
        hashed_scale = np.float32(settings.hashed_scale) * keep_hashed
        features = self.examples.hashed[rows]
        right = np.asarray(features @ self.table.value) * hashed_scale
        x = np.concatenate((self.left[rows] * keep_static, right), axis=1)
        raw = x @ self.first.value + self.first_bias.value
        mask = (raw > 0) * ((rng.random(raw.shape) >= settings.dropout) / np.float32(1 - settings.dropout))
        hidden = (raw * mask).astype(np.float32)
        odds = _sigmoid(hidden @ self.second.value + self.second_bias.value)
        labels, weight = self.examples.labels[rows], self.examples.weights[rows]
        wanted = labels * (1 - settings.smoothing) + settings.smoothing / labels.shape[1]
        error = ((odds - wanted) * weight / count).astype(np.float32)
        d_raw = ((error @ self.second.value.T) * mask).astype(np.float32)
        d_right = (d_raw @ self.first.value[self.width :].T) * hashed_scale
        self.second.update(hidden.T @ error, settings.rate * fade, settings.decay)
        self.second_bias.update(error.sum(0), settings.rate * fade)
        self.first.update(x.T @ d_raw, settings.rate * fade, settings.decay)
        self.first_bias.update(d_raw.sum(0), settings.rate * fade)
        touched, places = np.unique(features.indices, return_inverse=True)
        compact = sparse.csr_matrix((features.data, places, features.indptr), shape=(count, touched.size))
        self.table.update_rows(touched, np.asarray(compact.T @ d_right), settings.hashed_rate * fade)
        losses = weight * (wanted * np.log(odds + 1e-7) + (1 - wanted) * np.log(1 - odds + 1e-7))
        return -float(losses.sum())


def train_network(examples: Examples, settings: NetworkSettings, log_line: Callable[[str], None]) -> Network:
    """Train the network; `log_line` is called with a line after every epoch."""
    trainer = _Trainer(examples, settings)
    count = len(examples.labels)
    steps, step = settings.epochs * (count // settings.batch), 0
    for epoch in range(settings.epochs):
        order, loss = trainer.rng.permutation(count), 0.0
        for start in range(0, count - settings.batch + 1, settings.batch):
            loss += trainer.step(order[start : start + settings.batch], 1 - step / steps)
            step += 1
        log_line(f"network: epoch {epoch}, loss {loss / count:.4f}")
    return Network(
        static_mean=trainer.mean,
        static_scale=trainer.scale,
        table=trainer.table.value,
        hashed_scale=settings.hashed_scale,
        first=trainer.first.value,
        first_bias=trainer.first_bias.value,
        second=trainer.second.value,
        second_bias=trainer.second_bias.value,
    )
