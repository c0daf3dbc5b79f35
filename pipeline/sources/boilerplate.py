"""Loads the file of learned boilerplate."""

from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.text.learned_boilerplate import LearnedBoilerplate

__all__ = ["load_boilerplate"]


def load_boilerplate(path: Path | None) -> LearnedBoilerplate | None:
    """Read the file that `learn boilerplate` wrote; without a path, return None.

    Raises:
        ConfigError: The file cannot be read, or is no boilerplate file of this release.
    """
    if path is None:
        return None
    try:
        return LearnedBoilerplate.parse(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"NEWS_BOILERPLATE_FILE {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"NEWS_BOILERPLATE_FILE {path}: {error}") from error
