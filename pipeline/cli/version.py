"""`news-pipeline version`."""

import platform

from pipeline import __version__
from pipeline.assembly import installed_versions

__all__ = ["version"]


def version() -> None:
    """Print the version of the pipeline, its models and its taxonomy, one per line."""
    print(f"news-pipeline {__version__}")
    for name, value in installed_versions().items():
        print(f"{name} {value}")
    print(f"python {platform.python_version()}")
