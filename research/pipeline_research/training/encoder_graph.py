"""The encoder as an ONNX graph: rows of words → logits, the mean of the last layer, and logits of the second level.

Products of matrices are of whole numbers: activations in 8 bits, with one scale for a text, and weights in 7 bits, with
a scale for each output. With 8 bits, processors that lack instructions for it (VNNI) add pairs of products in 16 bits
and cut off what is too large; with 7 bits no pair is: 2 × 255 × 63 < 32768. So these sums are the same everywhere.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from pipeline_research.training.encoder_layers import HEAD_SCALE

__all__ = ["BaseLayers", "GraphParams", "encoder_graph"]

_OPSET: Final = 21
_FORMAT: Final = 10  # of the file; the one that came with the operators' version
_OWN: Final = "com.microsoft"  # ONNX Runtime's own operators
_TINY: Final = 1e-12
# Arrays of a head, and its output. An output must not have the name of an array.
_HEADS: Final = (("head", "bias", "logits"), ("second", "second_bias", "second_logits"))

Weights = Mapping[str, NDArray[np.float32]]


class GraphParams(Struct, frozen=True):
    """How weights are rounded, and the longest text."""

    full: int = 63  # largest weight as a whole number: 7 bits with the sign, so that no pair of products overflows
    head_scale: float = HEAD_SCALE  # the trained head is multiplied by it, as in training
    max_tokens: int = 256  # positions that are kept of the 512; longer texts were not trained


class BaseLayers(Struct, frozen=True):
    """What comes before the layers.

    Attributes:
        heads: Heads of attention.
        epsilon: Of every normalisation.
        places: A vector for each position, added to the words' (positions × width).
        scale: Of the first normalisation (width).
        shift: Of the first normalisation (width).
    """

    heads: int
    epsilon: float
    places: NDArray[np.float32]
    scale: NDArray[np.float32]
    shift: NDArray[np.float32]


class _Builder:
    """Collects nodes and constants; every node is named by its number."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, name: str, value: Any, kind: Any = np.float32) -> str:
        """Add a constant and return its name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(np.asarray(value, kind)), name))
        return name

    def add(self, kind: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node and return the names of its outputs."""
        names = [f"n{len(self.nodes)}.{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names


class _Layers:
    """Adds the layers to a graph."""

    def __init__(self, graph: _Builder, weights: Weights, base: BaseLayers, params: GraphParams) -> None:
        self._graph, self._weights, self._base, self._params = graph, weights, base, params

    def add(self, rows: str, layer: int) -> str:
        """Add a layer after `rows` (texts × tokens × width) and return the name of its output."""
        seen = self._attention(rows, layer)
        rows = self._norm(rows, self._linear(seen, layer, "ao"), layer, "aln")
        (inner,) = self._graph.add("Gelu", self._linear(rows, layer, "fi"), domain=_OWN)
        return self._norm(rows, self._linear(inner, layer, "fo"), layer, "oln")

    def _attention(self, rows: str, layer: int) -> str:
        """Queries, keys and values in one product, then attention in floats."""
        matrix = np.concatenate([self._weights[f"{name}_w"][layer] for name in "qkv"], axis=1)
        shift = np.concatenate([self._weights[f"{name}_b"][layer] for name in "qkv"])
        values, scale, zeros, bias = self._whole(f"l{layer}.qkv", matrix, shift)
        whole, step, zero = self._graph.add("DynamicQuantizeLinear", rows, outputs=3)
        (seen,) = self._graph.add(
            "QAttention",
            *(whole, values, bias, step, scale, "", zero, zeros),
            domain=_OWN,
            num_heads=self._base.heads,
        )
        return seen

    def _linear(self, rows: str, layer: int, name: str) -> str:
        values, scale, zeros, bias = self._whole(
            f"l{layer}.{name}", self._weights[f"{name}_w"][layer], self._weights[f"{name}_b"][layer]
        )
        (out,) = self._graph.add("DynamicQuantizeMatMul", rows, values, scale, zeros, bias, domain=_OWN)
        return out

    def _norm(self, rows: str, added: str, layer: int, name: str) -> str:
        """Normalise the sum of two outputs; ONNX Runtime's fused operator for it takes three times as long."""
        (total,) = self._graph.add("Add", rows, added)
        scale = self._graph.constant(f"l{layer}.{name}.w", self._weights[f"{name}_w"][layer])
        shift = self._graph.constant(f"l{layer}.{name}.b", self._weights[f"{name}_b"][layer])
        (out,) = self._graph.add("LayerNormalization", total, scale, shift, axis=-1, epsilon=self._base.epsilon)
        return out

    def _whole(self, name: str, matrix: NDArray[np.float32], shift: NDArray[np.float32]) -> tuple[str, str, str, str]:
        """Add a matrix as whole numbers, with a scale for each output, and its bias."""
        full = self._params.full
        scale = np.maximum(np.abs(matrix).max(axis=0), _TINY) / full
        return (
            self._graph.constant(f"{name}.w", np.clip(np.rint(matrix / scale), -full, full), np.int8),
            self._graph.constant(f"{name}.s", scale),
            self._graph.constant(f"{name}.z", np.zeros(scale.shape), np.int8),
            self._graph.constant(f"{name}.b", shift),
        )


def encoder_graph(weights: Weights, base: BaseLayers, params: GraphParams) -> ModelProto:
    """Return the graph.

    Input `rows`: the words' vectors (1 × tokens × width); outputs `logits` (1 × subjects), `pooled` (1 × width), and
    `second_logits` (1 × subjects of the second level) if the weights have that head.

    Args:
        weights: Stacked over the layers (layers × …); matrices are inputs × outputs.
        base: Positions and the first normalisation.
        params: How weights are rounded.
    """
    graph = _Builder()
    width = base.places.shape[1]
    (size,) = graph.add("Shape", "rows", start=1, end=2)
    places = graph.constant("places", base.places[: params.max_tokens][None])
    tokens = graph.constant("tokens", [1], np.int64)
    (used,) = graph.add("Slice", places, graph.constant("first", [0], np.int64), size, tokens)
    (placed,) = graph.add("Add", "rows", used)
    first = (graph.constant("first.w", base.scale), graph.constant("first.b", base.shift))
    (rows,) = graph.add("LayerNormalization", placed, *first, axis=-1, epsilon=base.epsilon)
    layers = _Layers(graph, weights, base, params)
    for layer in range(weights["q_w"].shape[0]):
        rows = layers.add(rows, layer)
    graph.nodes.append(helper.make_node("ReduceMean", [rows, tokens], ["pooled"], keepdims=0))
    outputs = [helper.make_tensor_value_info("pooled", TensorProto.FLOAT, [1, width])]
    for name, bias, output in _HEADS:
        if name in weights:
            head = (graph.constant(name, weights[name] * params.head_scale), graph.constant(bias, weights[bias]))
            graph.nodes.append(helper.make_node("Gemm", ["pooled", *head], [output]))
            outputs.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, weights[name].shape[1]]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "subjects",
            [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [1, "tokens", width])],
            outputs,
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_OWN, 1)],
        producer_name="news-pipeline",
    )
    model.ir_version = _FORMAT
    return model
