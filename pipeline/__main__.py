"""`news-pipeline` and `python -m pipeline`."""

import gc
import os
import sys

from pipeline.cli.app import run_command
from pipeline.runtime.garbage import NEW_OBJECTS

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    # Matrices here are small and stages work in one thread: OpenBLAS's own threads would only wait for each other.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(NEW_OBJECTS)
    sys.exit(run_command())


if __name__ == "__main__":
    main()
