"""The file of learned furniture."""

from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.text.learned import LearnedFurniture

__all__ = ["load_furniture"]


def load_furniture(path: Path | None) -> LearnedFurniture | None:
    """Read what `learn furniture` wrote; None for no file.

    Raises:
        ConfigError: The file cannot be read or is no such file.
    """
    if path is None:
        return None
    try:
        return LearnedFurniture.parse(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"NEWS_FURNITURE_FILE {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"NEWS_FURNITURE_FILE {path}: {error}") from error
