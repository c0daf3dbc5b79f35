"""Word lists that ship with the package, read once when a module that needs them is loaded."""

from importlib.resources import files
from typing import Any

import orjson

__all__ = ["load_words"]


def load_words(name: str) -> Any:
    """Return the content of one JSON file of `pipeline/text/data`."""
    return orjson.loads(files("pipeline.text").joinpath("data", f"{name}.json").read_bytes())
