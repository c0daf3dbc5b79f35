"""What goes wrong with input before it is a record."""

from pipeline.errors import PipelineError

__all__ = ["InputError"]


class InputError(PipelineError):
    """An input cannot be read: raised by sources, caught by the command line, exit code 2. No record is concerned."""
