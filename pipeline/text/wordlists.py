"""Word lists that ship with the package, read once when a module that needs them is loaded."""

import re
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import orjson

__all__ = ["load_words", "one_of"]


def load_words(name: str) -> Any:
    """Return the content of one JSON file of `pipeline/text/data`, whose `about` describes it."""
    return orjson.loads(files("pipeline.text").joinpath("data", f"{name}.json").read_bytes())


def one_of(*lists: Iterable[str]) -> str:
    """Return a regular expression that matches any word of the lists, the longest that fits."""
    return "|".join(sorted((re.escape(word) for words in lists for word in words), key=len, reverse=True))
