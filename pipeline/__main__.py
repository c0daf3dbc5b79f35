"""`news-pipeline` and `python -m pipeline`."""

import sys

from pipeline.cli.app import run_command

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_command())


if __name__ == "__main__":
    main()
