"""Errors and what becomes of the record, or the process, that meets them."""

__all__ = ["ConfigError", "ContractError", "FatalError", "PipelineError", "TransientError"]


class PipelineError(Exception):
    """Base of every error raised on purpose."""


class ConfigError(PipelineError):
    """Settings, topics or models do not fit: raised at start, caught by the command line, exit code 78."""


class ContractError(PipelineError):
    """A value does not fit its published schema: a bug of ours; the runner makes it a dead letter."""


class TransientError(PipelineError):
    """May work when tried again: the runner retries with backoff, then lets the worker crash. Never a dead letter."""


class FatalError(PipelineError):
    """The worker cannot go on safely (fenced producer, diverged log): the process exits, nothing is committed."""
