"""`news-pipeline` and `python -m pipeline`."""

import os
import sys

from pipeline.cli.app import run_command

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    # Stages work in one thread, on matrices too small to be worth more: OpenBLAS's own threads only wait for each other.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    sys.exit(run_command())


if __name__ == "__main__":
    main()
