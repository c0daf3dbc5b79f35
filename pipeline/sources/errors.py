"""The error of an input from which no record can be read."""

from pipeline.errors import PipelineError

__all__ = ["InputError"]


class InputError(PipelineError):
    """An input cannot be read. Raised by sources; the command line prints it and exits with code 2."""
