"""The published schemas and their public names."""

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError

__all__ = ["SCHEMA_BASE", "load_schema", "schema_dir", "schema_id", "schema_names"]

SCHEMA_BASE = "https://news-pipeline.example/schemas/"
"""Prefix of every `$id`. It is a name, not an address: nothing fetches it."""


def schema_dir() -> Traversable:
    """Return the directory of schemas/*.json and topics.yaml: in the installed wheel, else in the checkout.

    The wheel is tried first, because a directory `schemas` beside an installed package may be anything.

    Raises:
        ConfigError: The installation lacks the schemas.
    """
    packaged = files("pipeline").joinpath("_schemas")
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[2] / "schemas"
    if checkout.joinpath("topics.yaml").is_file():
        return checkout
    raise ConfigError("the schemas are missing from this installation")


def schema_names() -> tuple[str, ...]:
    """Return the names of all published schemas, sorted."""
    return tuple(
        sorted(entry.name.removesuffix(".json") for entry in schema_dir().iterdir() if entry.name.endswith(".json"))
    )


def schema_id(name: str) -> str:
    """Return the `$id` of a schema, which is also the `ce_dataschema` of its events."""
    return f"{SCHEMA_BASE}{name}.json"


def load_schema(name: str) -> dict[str, Any]:
    """Return one published schema."""
    loaded: dict[str, Any] = json.loads(schema_dir().joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return loaded
