"""Values against their published schemas, compiled once."""

from typing import Any

import jsonschema_rs

from pipeline.errors import ContractError
from pipeline.wire.schemas import load_schema

__all__ = ["EXTENSIBLE_ENUM", "ProducedValidator", "closed", "open_validator"]

EXTENSIBLE_ENUM = "x-extensible-enum"
"""The words a producer uses today. Consumers must expect others, so for them it is an annotation and no constraint."""


def open_validator(schema: dict[str, Any]) -> Any:
    """Compile a schema as consumers read it: unknown fields are allowed, formats are asserted."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def closed(schema: Any) -> Any:
    """Return the schema as producers must obey it: objects hold declared fields, growing lists known words only.

    An object that says what else it may hold (`additionalProperties`) means it, and keeps it.
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

    Keywords that apply to the same object (`if`, `allOf`, ...) stay open: each of them knows some of its fields only.
    """
    if name in {"properties", "$defs"}:
        return {key: closed(item) for key, item in value.items()}
    if name == "prefixItems":
        return [closed(item) for item in value]
    return closed(value) if name == "items" else value


class ProducedValidator:
    """Checks what we produce: the published schema, closed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._validator = open_validator(closed(load_schema(name)))

    def check(self, value: Any) -> None:
        """Raise ContractError when a value does not fit; the message names the place, never the content."""
        if self._validator.is_valid(value):
            return
        error = next(iter(self._validator.iter_errors(value)))
        # Paths consist of our own field names; inside `extra` and `rights` they would be the producer's.
        place = ".".join(str(step) for step in list(error.instance_path)[:3])
        raise ContractError(f"{self._name}: {error.kind.name} at ${'.' + place if place else ''}")
