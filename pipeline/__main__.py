"""`news-pipeline` and `python -m pipeline`."""

import os
import sys

from pipeline.cli.app import run_command

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    # Matrices here are small and stages work in one thread: OpenBLAS's own threads would only wait for each other.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    sys.exit(run_command())


if __name__ == "__main__":
    main()
