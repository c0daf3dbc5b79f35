"""Read the settings. No other module of the pipeline reads `NEWS_*` variables."""

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


def load_settings() -> Settings:
    """Read the settings from the environment and from secret files; a variable has precedence over a file.

    Raises:
        ConfigError: A value is not valid, or a `NEWS_*` variable or a secret file is not a setting. The message has one
            line per error.
    """
    secrets_dir = os.environ.get(SECRETS_DIR) or None
    complaints = unknown_variables(os.environ)
    if secrets_dir is not None:
        complaints += _unknown_files(Path(secrets_dir))
    if complaints:
        raise ConfigError("\n".join(complaints))
    arguments: dict[str, Any] = {"_secrets_dir": secrets_dir}
    try:
        return Settings(**arguments)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(error))) from None
    except SettingsError as error:
        raise ConfigError(str(error)) from None


def child_environment(settings: Mapping[str, str], keep: str | None = None) -> dict[str, str]:
    """Return the environment for a child process: this one, with its `NEWS_*` variables replaced by `settings`.

    Args:
        settings: The variables of the child.
        keep: Beginning of the `NEWS_*` variables that the child gets too.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(PREFIX) or (keep is not None and name.upper().startswith(keep))
    }
    return {**inherited, **settings}


def _unknown_files(directory: Path) -> list[str]:
    if not directory.is_dir():
        return [f"{SECRETS_DIR}: {directory} is not a directory"]
    names = {path.name: "" for path in directory.iterdir() if not path.name.startswith(".")}
    return [f"{directory}: {complaint}" for complaint in unknown_variables(names)]


def _explain(error: ValidationError) -> list[str]:
    """Return a line per error, `NEWS_GROUP__NAME: what is wrong`, without the value, which may be a secret."""
    lines = []
    for detail in error.errors(include_input=False, include_url=False, include_context=False):
        name = PREFIX + "__".join(str(part) for part in detail["loc"] if not isinstance(part, int)).upper()
        message = detail["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}" if detail["loc"] else message)
    return lines
