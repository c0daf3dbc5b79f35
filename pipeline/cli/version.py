"""`news-pipeline version`."""

import platform

from pipeline.assembly import versions

__all__ = ["version"]


def version() -> None:
    """Print the version of the pipeline, its models and its taxonomy, one per line."""
    found = versions()
    print(f"news-pipeline {found.pipeline}")
    for name, value in (("language", found.language), ("subjects", found.subjects), ("taxonomy", found.taxonomy)):
        if value is not None:
            print(f"{name} {value}")
    print(f"python {platform.python_version()}")
