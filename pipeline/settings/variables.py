"""The names of the environment variables, made from the settings tree, and the check for unknown names."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import Struct
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.settings.tree import Settings

__all__ = ["PREFIX", "SECRETS_DIR", "Variable", "unknown_variables", "variables"]

PREFIX = "NEWS_"
SECRETS_DIR = "NEWS_SECRETS_DIR"
"""The only variable that is not a setting: a directory with one file per setting, named like the variable."""

# Kubernetes sets these variables in every pod for each Service; one called news-pipeline sets NEWS_PIPELINE_PORT=tcp://…
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_SERVICE_LINK = re.compile(
    r"_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$"
)
_SERVICE_URL = re.compile(r"^(tcp|udp|sctp)://")


class Variable(Struct, frozen=True):
    """One setting: its environment variable, its path in the tree, its declaration."""

    name: str
    path: tuple[str, ...]
    field: FieldInfo


def variables() -> tuple[Variable, ...]:
    """Return all settings in the order of their declaration."""
    return tuple(_walk(Settings, ()))


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a line, with a suggestion, for every name in `environ` that has the prefix and is not a setting."""
    known = {variable.name for variable in variables()} | {SECRETS_DIR}
    complaints = []
    for name, value in sorted(environ.items()):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper in known or _is_service_link(upper, value):
            continue
        close = get_close_matches(upper, sorted(known), n=1, cutoff=0.7)
        complaints.append(f"{name} is not a setting" + (f"; did you mean {close[0]}?" if close else ""))
    return complaints


def _is_service_link(name: str, value: str) -> bool:
    return _SERVICE_LINK.search(name) is not None or (name.endswith("_PORT") and _SERVICE_URL.match(value) is not None)


def _walk(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[Variable]:
    for name, field in model.model_fields.items():
        here = (*path, name)
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _walk(kind, here)
        else:
            yield Variable(name=PREFIX + "__".join(here).upper(), path=here, field=field)
