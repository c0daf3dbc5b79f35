"""`news-pipeline` and `python -m pipeline`."""

import gc
import os
import sys

from pipeline.cli.app import run_command

__all__ = ["main"]

_NEW_OBJECTS = 50_000
"""Python collects garbage after 700 new objects, which takes a tenth of the time of imports and finds nothing."""


def main() -> None:
    """Run the command line and exit with its code."""
    # Matrices here are small and stages work in one thread: OpenBLAS's own threads would only wait for each other.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(_NEW_OBJECTS)
    sys.exit(run_command())


if __name__ == "__main__":
    main()
