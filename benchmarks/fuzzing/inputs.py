"""The inputs of the fuzzer: each is determined by its kind, a seed and a number."""

import random
from collections.abc import Callable
from typing import Final

from benchmarks.fuzzing.batches import make_batch
from benchmarks.fuzzing.bodies import make_body
from benchmarks.fuzzing.json_records import make_json
from benchmarks.fuzzing.pages import make_page
from benchmarks.fuzzing.values import HTML_TYPE, Input

__all__ = ["KINDS", "make_input"]


def _page(choice: random.Random) -> Input:
    return Input("page", make_page(choice).encode("utf-8", "surrogatepass"), HTML_TYPE)


KINDS: Final[dict[str, Callable[[random.Random], Input]]] = {
    "page": _page,
    "json": make_json,
    "body": make_body,
    "batch": make_batch,
}
"""What makes an input of each kind: a page, a JSON record, a body with headers, a batch as it is fetched."""

_IN_TURN: Final = ("page", "page", "json", "body", "batch")


def make_input(seed: int, number: int) -> Input:
    """Return the input of a number; kinds come in turn, pages twice."""
    kind = _IN_TURN[number % len(_IN_TURN)]
    return KINDS[kind](random.Random(f"{seed}-{number}"))
