"""Reading the settings: the only place that looks at the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from pipeline.errors import ConfigError
from pipeline.settings.tree import Settings
from pipeline.settings.variables import PREFIX, SECRETS_DIR, unknown_variables

__all__ = ["child_environment", "load_settings"]


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings; `overrides` (nested, from the command line) win over the environment and secret files.

    Raises:
        ConfigError: A value does not fit, or a `NEWS_*` variable is not a setting. Every complaint is a line.
    """
    secrets_dir = os.environ.get(SECRETS_DIR) or None
    complaints = unknown_variables(os.environ)
    if secrets_dir is not None:
        complaints += _unknown_files(Path(secrets_dir))
    if complaints:
        raise ConfigError("\n".join(complaints))
    arguments: dict[str, Any] = {"_secrets_dir": secrets_dir, **(overrides or {})}
    try:
        return Settings(**arguments)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(error))) from None
    except SettingsError as error:
        raise ConfigError(str(error)) from None


def child_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a process of ours with just these `NEWS_*` variables, whatever our own has."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    return {**inherited, **settings}


def _unknown_files(directory: Path) -> list[str]:
    if not directory.is_dir():
        return [f"{SECRETS_DIR}: {directory} is not a directory"]
    names = {path.name: "" for path in directory.iterdir() if not path.name.startswith(".")}
    return [f"{directory}: {complaint}" for complaint in unknown_variables(names)]


def _explain(error: ValidationError) -> list[str]:
    """Write each failure as `NEWS_GROUP__NAME: what is wrong`, never with the value: it may be a secret."""
    lines = []
    for detail in error.errors(include_input=False, include_url=False, include_context=False):
        name = PREFIX + "__".join(str(part) for part in detail["loc"] if not isinstance(part, int)).upper()
        message = detail["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}" if detail["loc"] else message)
    return lines
