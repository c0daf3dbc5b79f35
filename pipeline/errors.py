"""Errors and what becomes of the record, or the process, that meets them."""

__all__ = ["ConfigError", "ContractError", "FatalError", "NoTransactionsError", "PipelineError", "TransientError"]


class PipelineError(Exception):
    """Base of every error raised on purpose."""


class ConfigError(PipelineError):
    """Settings, topics or models do not fit: raised at start, caught by the command line, exit code 78."""


class NoTransactionsError(ConfigError):
    """The broker lacks what `exactly_once` needs."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "the broker has no transactions, or does not say what became of them (Apache Kafka does from 3.0): "
            "set NEWS_GUARANTEE=at_least_once, or use Apache Kafka"
        )


class ContractError(PipelineError):
    """A value does not fit its published schema: a bug of ours; the runner makes it a dead letter."""


class TransientError(PipelineError):
    """May work when tried again: the runner retries with backoff, then lets the worker crash. Never a dead letter."""


class FatalError(PipelineError):
    """The worker cannot go on safely (fenced producer, diverged log): the process exits, nothing is committed."""
