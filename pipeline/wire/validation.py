"""Validate values by their published schemas."""

from typing import Any

import jsonschema_rs

from pipeline.errors import ContractError
from pipeline.wire.schemas import load_schema

__all__ = ["EXTENSIBLE_ENUM", "ProducedValidator", "closed", "open_validator"]

EXTENSIBLE_ENUM = "x-extensible-enum"
"""Keyword for a growing list of words: it constrains our producers; consumers must accept other words."""


def open_validator(schema: dict[str, Any]) -> Any:
    """Compile a schema for consumers: unknown fields are allowed, formats are asserted."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def closed(schema: Any) -> Any:
    """Return the schema for our producers: only declared fields, only known words of growing lists.

    Objects with an explicit `additionalProperties` keep it.
    """
    if not isinstance(schema, dict):
        return schema
    result = {name: _closed_keyword(name, value) for name, value in schema.items()}
    if EXTENSIBLE_ENUM in schema:
        result["enum"] = schema[EXTENSIBLE_ENUM]
    if "properties" in schema and "additionalProperties" not in schema:
        result["unevaluatedProperties"] = False
    return result


def _closed_keyword(name: str, value: Any) -> Any:
    """Close the schemas below a keyword that applies to parts of a value.

    Keywords that apply to the same object (`if`, `allOf`, ...) stay open, because each declares only some fields.
    """
    if name in {"properties", "$defs"}:
        return {key: closed(item) for key, item in value.items()}
    if name == "prefixItems":
        return [closed(item) for item in value]
    return closed(value) if name == "items" else value


class ProducedValidator:
    """Validates values that we produce by a published schema, closed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._validator = open_validator(closed(load_schema(name)))

    def check(self, value: Any) -> None:
        """Check a value.

        Raises:
            ContractError: The value is not valid; the message names the place and never contains content.
        """
        if self._validator.is_valid(value):
            return
        error = next(iter(self._validator.iter_errors(value)))
        # The path is cut after three steps: inside `extra` and `rights`, names would be the producer's.
        place = ".".join(str(step) for step in list(error.instance_path)[:3])
        raise ContractError(f"{self._name}: {error.kind.name} at ${'.' + place if place else ''}")
