"""The error of a document that is not of the shape that was stated."""

from pipeline.errors import PipelineError

__all__ = ["ShapeError"]


class ShapeError(PipelineError):
    """A document cannot be read in a shape. The message quotes nothing of it."""
