"""The encoder of multilingual-e5-small with a head of subjects, in PyTorch, for training only.

Weights are kept as stacked arrays, named as `encoder_layers` says, as the export reads them.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pipeline_research.training.encoder_layers import HEAD_SCALE, LAYERED, LINEAR, NORMS

__all__ = ["EncoderNetwork"]

_HEADS: Final = (("head", "bias"), ("second", "second_bias"))
_RARE: Final = -2.5  # first logit of every subject: few texts have it


class _Layer(nn.Module):
    """One layer: attention and feed-forward, each followed by a layer norm (post-norm, as in BERT)."""

    def __init__(self, width: int, inner: int, heads: int, epsilon: float, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv = nn.Linear(width, 3 * width)
        self.ao, self.fi, self.fo = nn.Linear(width, width), nn.Linear(width, inner), nn.Linear(inner, width)
        self.aln, self.oln = nn.LayerNorm(width, epsilon), nn.LayerNorm(width, epsilon)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Return x (texts × tokens × width) after the layer; `hidden` is added to the attention's logits."""
        texts, tokens, width = x.shape
        parts = self.qkv(x).view(texts, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask=hidden)
        seen = self.ao(seen.transpose(1, 2).reshape(texts, tokens, width))
        x = self.aln(x + functional.dropout(seen, self.dropout, self.training))
        inner = self.fo(functional.gelu(self.fi(x)))
        return self.oln(x + functional.dropout(inner, self.dropout, self.training))


class EncoderNetwork(nn.Module):
    """The layers and the head; word rows are an input, because they are not trained."""

    def __init__(
        self,
        arrays: Mapping[str, NDArray[Any]],
        *,
        heads: int,
        epsilon: float,
        sizes: tuple[int, int],
        dropout: float = 0.1,
    ) -> None:
        """Build the network from stacked arrays; missing heads, of the given sizes, are drawn at random."""
        super().__init__()
        depth, width, inner = arrays["fi_w"].shape
        self.layers = nn.ModuleList(_Layer(width, inner, heads, epsilon, dropout) for _ in range(depth))
        chance = np.random.default_rng(0)
        for (name, bias), size in zip(_HEADS, sizes, strict=True):
            weights = arrays.get(name, chance.normal(0, 0.02, (width, size)))
            shifts = arrays.get(bias, np.full(size, _RARE))
            self.register_parameter(name, nn.Parameter(torch.tensor(np.asarray(weights, np.float32))))
            self.register_parameter(bias, nn.Parameter(torch.tensor(np.asarray(shifts, np.float32))))
        with torch.no_grad():
            for number, layer in enumerate(self.layers):
                _fill(
                    layer,
                    {name: np.asarray(arrays[name][number], np.float32) for name in arrays if name in LAYERED},
                )

    def pooled(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the mean of the tokens' vectors (texts × width); mask is 1 for tokens and 0 for padding."""
        hidden = (1 - mask)[:, None, None, :] * -1e9
        for layer in self.layers:
            x = layer(x, hidden)
        return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def logits(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of pooled vectors: of the subjects (texts × 17), of the second level (texts × 121)."""
        return pooled @ self.head * HEAD_SCALE + self.bias, pooled @ self.second * HEAD_SCALE + self.second_bias

    def arrays(self) -> dict[str, NDArray[np.float16]]:
        """Return the stacked arrays, as 16-bit floats."""
        found: dict[str, list[Tensor]] = {}
        for layer in self.layers:
            weights = dict(zip("qkv", layer.qkv.weight.chunk(3), strict=True))
            biases = dict(zip("qkv", layer.qkv.bias.chunk(3), strict=True))
            for name in LINEAR[3:] + NORMS:
                weights[name], biases[name] = getattr(layer, name).weight, getattr(layer, name).bias
            for name in LINEAR:
                found.setdefault(f"{name}_w", []).append(weights[name].T)
            for name in NORMS:
                found.setdefault(f"{name}_w", []).append(weights[name])
            for name in LINEAR + NORMS:
                found.setdefault(f"{name}_b", []).append(biases[name])
        stacked = {name: torch.stack(parts).detach().numpy().astype(np.float16) for name, parts in found.items()}
        ends = {name: getattr(self, name) for pair in _HEADS for name in pair}
        return stacked | {name: value.detach().numpy().astype(np.float16) for name, value in ends.items()}


def _fill(layer: nn.Module, part: Mapping[str, NDArray[np.float32]]) -> None:
    layer.qkv.weight.copy_(torch.cat([torch.tensor(part[f"{name}_w"].T) for name in "qkv"]))
    layer.qkv.bias.copy_(torch.cat([torch.tensor(part[f"{name}_b"]) for name in "qkv"]))
    for name in LINEAR[3:]:
        getattr(layer, name).weight.copy_(torch.tensor(part[f"{name}_w"].T))
        getattr(layer, name).bias.copy_(torch.tensor(part[f"{name}_b"]))
    for name in NORMS:
        getattr(layer, name).weight.copy_(torch.tensor(part[f"{name}_w"]))
        getattr(layer, name).bias.copy_(torch.tensor(part[f"{name}_b"]))
