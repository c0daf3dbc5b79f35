"""Weights of models that are too large for the package `pipeline`, and nothing else."""

from importlib import resources
from pathlib import Path

__all__ = ["__version__", "subjects_encoder"]

__version__ = "1.1.0"


def subjects_encoder() -> Path:
    """Return the directory with the files of the encoder of subjects; it exists only once weights were made."""
    return Path(str(resources.files(__name__))) / "subjects_encoder"
