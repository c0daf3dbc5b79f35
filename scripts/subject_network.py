"""The subject network and its training, in numpy: no framework, same result on every run."""

import time
from dataclasses import dataclass

import numpy as np
from scipy import sparse

__all__ = ["Examples", "Network", "Settings", "probabilities", "train_network"]

CLIP = 4.0  # standard deviations; the shipped network computes in 8 bits


@dataclass(frozen=True)
class Settings:
    """Sizes and rates."""

    bits: int
    bag_dim: int
    hidden: int
    epochs: int
    batch: int = 256
    rate: float = 2e-3
    bag_rate: float = 1.2e-2
    dropout: float = 0.3
    drop_bag: float = 0.35
    drop_static: float = 0.1
    smoothing: float = 0.02
    decay: float = 1e-4


@dataclass(frozen=True)
class Examples:
    """Inputs, labels and the weight of each label."""

    static: np.ndarray
    bag: sparse.csr_matrix
    labels: np.ndarray
    weights: np.ndarray


@dataclass
class Network:
    """Everything that was learned."""

    static_mean: np.ndarray
    static_scale: np.ndarray
    table: np.ndarray
    bag_mean: np.ndarray
    bag_scale: np.ndarray
    first: np.ndarray
    first_bias: np.ndarray
    second: np.ndarray
    second_bias: np.ndarray
    hidden_peak: float = 1.0

    def inputs(self, static: np.ndarray, bag: sparse.csr_matrix) -> np.ndarray:
        """Return the standardised inputs."""
        left = (static - self.static_mean) * self.static_scale
        right = (np.asarray(bag @ self.table) - self.bag_mean) * self.bag_scale
        return np.clip(np.concatenate((left, right), axis=1), -CLIP, CLIP)

    def hidden(self, static: np.ndarray, bag: sparse.csr_matrix) -> np.ndarray:
        """Return the hidden layer."""
        return np.maximum(self.inputs(static, bag) @ self.first + self.first_bias, 0)

    def logits(self, static: np.ndarray, bag: sparse.csr_matrix) -> np.ndarray:
        """Return the logits, uncalibrated."""
        return self.hidden(static, bag) @ self.second + self.second_bias

    def calibrate(self, held: Examples) -> None:
        """Fit one slope and a bias per class on held-out texts by weighted log loss."""
        logits = self.logits(held.static, held.bag)
        weights = np.where(held.weights > 0.3, 1.0, 0.0)
        slope, shift = 1.0, np.zeros(logits.shape[1])
        for _ in range(600):
            odds = 1 / (1 + np.exp(-np.clip(slope * logits + shift, -30, 30)))
            error = (odds - held.labels) * weights
            slope -= 2.0 * float((error * logits).sum() / (weights * logits**2).sum())
            shift -= 2.0 * error.sum(0) / (np.maximum((weights * odds * (1 - odds)).sum(0), 1) * 4 + 4)
        self.hidden_peak = float(np.quantile(self.hidden(held.static, held.bag), 0.9999))
        self.second = self.second * slope
        self.second_bias = self.second_bias * slope + shift
        print("slope", round(slope, 3), "shift", np.round(shift, 2).tolist(), flush=True)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the quantised weights: 8-bit table and layers, exact in any order of summation."""
        table_step = np.quantile(np.abs(self.table), 0.9999) / 127
        first_step = np.abs(self.first).max(0) / 127
        second_step = np.abs(self.second).max(0) / 127
        return {
            "bag_table": np.clip(np.rint(self.table / table_step), -127, 127).astype(np.int8),
            "static_mean": self.static_mean.astype(np.float32),
            "static_scale": (self.static_scale * 127 / CLIP).astype(np.float32),
            "bag_mean": (self.bag_mean / table_step).astype(np.float32),
            "bag_scale": (self.bag_scale * table_step * 127 / CLIP).astype(np.float32),
            "first": np.rint(self.first / first_step).astype(np.int8),
            "first_step": (first_step * CLIP / 127).astype(np.float32),
            "first_bias": self.first_bias.astype(np.float32),
            "second": np.rint(self.second / second_step).astype(np.int8),
            "hidden_scale": np.float32(255 / self.hidden_peak),
            "second_step": (second_step * self.hidden_peak / 255).astype(np.float32),
            "second_bias": self.second_bias.astype(np.float32),
        }


def probabilities(network: Network, static: np.ndarray, bag: sparse.csr_matrix) -> np.ndarray:
    """Return the probability of every subject."""
    return 1 / (1 + np.exp(-np.clip(network.logits(static, bag), -30, 30)))


class Adam:
    """AdamW for one dense array."""

    def __init__(self, value: np.ndarray) -> None:
        """Keep the array that is to be learned."""
        self.value, self.mean, self.square, self.step = value, np.zeros_like(value), np.zeros_like(value), 0

    def update(self, gradient: np.ndarray, rate: float, decay: float = 0.0) -> None:
        """Take one step."""
        self.step += 1
        self.mean += np.float32(0.1) * (gradient - self.mean)
        self.square += np.float32(0.01) * (gradient * gradient - self.square)
        scale = np.float32(rate * np.sqrt(1 - 0.99**self.step) / (1 - 0.9**self.step))
        self.value -= (
            scale * self.mean / (np.sqrt(self.square) + np.float32(1e-7)) + np.float32(rate * decay) * self.value
        )


class SparseAdam(Adam):
    """Adam that touches only the rows of a batch."""

    def update_rows(self, rows: np.ndarray, gradient: np.ndarray, rate: float) -> None:
        """Take one step on some rows."""
        self.step += 1
        mean = self.mean[rows] * np.float32(0.9) + np.float32(0.1) * gradient
        square = self.square[rows] * np.float32(0.99) + np.float32(0.01) * gradient * gradient
        self.mean[rows], self.square[rows] = mean, square
        scale = np.float32(rate * np.sqrt(1 - 0.99**self.step) / (1 - 0.9**self.step))
        self.value[rows] -= scale * mean / (np.sqrt(square) + np.float32(1e-9))


def train_network(examples: Examples, settings: Settings, seed: int = 3) -> Network:
    """Learn bag table and layers by masked binary cross-entropy."""
    rng = np.random.default_rng(seed)
    mean = examples.static.mean(0)
    scale = 1 / np.maximum(examples.static.std(0), 1e-6)
    count, width = examples.static.shape
    classes = examples.labels.shape[1]
    inputs = width + settings.bag_dim
    table = SparseAdam(rng.normal(0, 0.3, (1 << settings.bits, settings.bag_dim)).astype(np.float32))
    first = Adam(rng.normal(0, 1 / np.sqrt(inputs), (inputs, settings.hidden)).astype(np.float32))
    first_bias = Adam(np.zeros(settings.hidden, np.float32))
    second = Adam(rng.normal(0, 1 / np.sqrt(settings.hidden), (settings.hidden, classes)).astype(np.float32))
    second_bias = Adam(np.full(classes, -2.0, np.float32))
    bag_scale = np.float32(6.0)
    steps = settings.epochs * (count // settings.batch)
    step, began = 0, time.time()
    left_all = np.clip((examples.static - mean) * scale, -CLIP, CLIP).astype(np.float32)
    for epoch in range(settings.epochs):
        order, loss = rng.permutation(count), 0.0
        for start in range(0, count - settings.batch + 1, settings.batch):
            rows = order[start : start + settings.batch]
            keep_bag = (rng.random(settings.batch) >= settings.drop_bag)[:, None].astype(np.float32)
            keep_static = (rng.random(settings.batch) >= settings.drop_static)[:, None].astype(np.float32)
            keep_static = np.maximum(keep_static, 1 - keep_bag)
            features = examples.bag[rows]
            right = np.asarray(features @ table.value) * (bag_scale * keep_bag)
            x = np.concatenate((left_all[rows] * keep_static, right), axis=1)
            raw = x @ first.value + first_bias.value
            mask = (raw > 0) * ((rng.random(raw.shape) >= settings.dropout) / np.float32(1 - settings.dropout))
            hidden = (raw * mask).astype(np.float32)
            odds = 1 / (1 + np.exp(-np.clip(hidden @ second.value + second_bias.value, -30, 30)))
            wanted = examples.labels[rows] * (1 - settings.smoothing) + settings.smoothing / classes
            weight = examples.weights[rows]
            loss -= float((weight * (wanted * np.log(odds + 1e-7) + (1 - wanted) * np.log(1 - odds + 1e-7))).sum())
            error = ((odds - wanted) * weight / settings.batch).astype(np.float32)
            d_raw = ((error @ second.value.T) * mask).astype(np.float32)
            d_right = (d_raw @ first.value[width:].T) * (bag_scale * keep_bag)
            fade = 1 - step / steps
            second.update(hidden.T @ error, settings.rate * fade, settings.decay)
            second_bias.update(error.sum(0), settings.rate * fade)
            first.update(x.T @ d_raw, settings.rate * fade, settings.decay)
            first_bias.update(d_raw.sum(0), settings.rate * fade)
            touched, places = np.unique(features.indices, return_inverse=True)
            compact = sparse.csr_matrix((features.data, places, features.indptr), shape=(settings.batch, touched.size))
            table.update_rows(touched, np.asarray(compact.T @ d_right), settings.bag_rate * fade)
            step += 1
        print(f"epoch {epoch} loss {loss / count:.4f} {time.time() - began:.0f}s", flush=True)
    bag_width = settings.bag_dim
    return Network(
        static_mean=mean,
        static_scale=scale,
        table=table.value,
        bag_mean=np.zeros(bag_width, np.float32),
        bag_scale=np.full(bag_width, bag_scale, np.float32),
        first=first.value,
        first_bias=first_bias.value,
        second=second.value,
        second_bias=second_bias.value,
    )
