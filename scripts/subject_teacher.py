"""Self-training: a head on a teacher's embeddings of labelled texts labels texts that have no label."""

from pathlib import Path

import numpy as np
from subject_data import CODES

__all__ = ["teach"]

SURE = 0.6  # probability from which a teacher's answer is learned from
STEPS = 300
TEACHERS = ("use", "e5")


def _head(vectors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Fit a softmax by gradient descent with momentum; classes weigh by the root of their rarity."""
    counts = np.bincount(labels, minlength=len(CODES))
    weight = (counts.mean() / np.maximum(counts, 1)) ** 0.5
    inputs = np.concatenate((vectors, np.ones((len(vectors), 1), np.float32)), axis=1)
    head = np.zeros((inputs.shape[1], len(CODES)), np.float32)
    speed = np.zeros_like(head)
    wanted = np.eye(len(CODES), dtype=np.float32)[labels]
    for _ in range(STEPS):
        error = (_softmax(inputs @ head) - wanted) * weight[labels][:, None]
        speed = 0.9 * speed - 4.0 * (inputs.T @ error / len(inputs) + 1e-5 * head)
        head += speed
    return head


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)


def teach(folder: Path) -> list[tuple[str, np.ndarray]]:
    """Return the unlabelled texts a teacher is sure about, with its probabilities."""
    taught: list[tuple[str, np.ndarray]] = []
    for teacher in TEACHERS:
        paths = [folder / f"teach-{teacher}-{part}.npz" for part in ("labelled", "unlabelled")]
        if not all(path.exists() for path in paths):
            continue
        known, unknown = (np.load(path, allow_pickle=False) for path in paths)
        labels = np.array([CODES.index(code) for code in known["code"]])
        mean = known["vectors"].astype(np.float32).mean(0)
        scale = 1 / known["vectors"].astype(np.float32).std()
        head = _head((known["vectors"].astype(np.float32) - mean) * scale / 4, labels)
        vectors = (unknown["vectors"].astype(np.float32) - mean) * scale / 4
        odds = _softmax(np.concatenate((vectors, np.ones((len(vectors), 1), np.float32)), axis=1) @ head)
        sure = np.flatnonzero(odds.max(1) >= SURE)
        print(
            teacher,
            "teaches",
            sure.size,
            "of",
            len(odds),
            np.bincount(odds[sure].argmax(1), minlength=17).tolist(),
            flush=True,
        )
        done = {text for text, _ in taught}
        taught += [(str(unknown["text"][i]), odds[i]) for i in sure if str(unknown["text"][i]) not in done]
    return taught
