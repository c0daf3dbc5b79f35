"""What training needs beside the pipeline's own dependencies, and how to say that it is missing."""

import importlib.util

from pipeline.errors import ConfigError

__all__ = ["is_there", "needed"]


def is_there(module: str) -> bool:
    """Say whether a module can be imported."""
    return importlib.util.find_spec(module) is not None


def needed(*modules: str) -> None:
    """Make sure that modules can be imported.

    Raises:
        ConfigError: One cannot; says how to install it.
    """
    missing = [module for module in modules if not is_there(module)]
    if missing:
        raise ConfigError(
            f"training needs {', '.join(missing)}, which belong to the distribution news-pipeline-research: "
            "install it with `uv sync --all-packages`"
        )
