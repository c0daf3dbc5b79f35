"""The errors raised on purpose, and how each is handled."""

__all__ = [
    "ConfigError",
    "ContractError",
    "FatalError",
    "NoTransactionsError",
    "PipelineError",
    "SlowNetworkError",
    "TransientError",
]


class PipelineError(Exception):
    """Base of all errors that the pipeline raises on purpose."""


class ConfigError(PipelineError):
    """Settings, topics or models are wrong or missing. Raised at start; the command line exits with code 78."""


class NoTransactionsError(ConfigError):
    """The broker does not support the transactions that `exactly_once` needs."""

    def __init__(self) -> None:
        """Set the message, which names the two remedies."""
        super().__init__(
            "the broker does not support transactions, or cannot report their state (Apache Kafka can from 3.0): "
            "set NEWS_GUARANTEE=at_least_once, or use Apache Kafka 3.0 or later"
        )


class ContractError(PipelineError):
    """A value does not match its published schema, which is a bug. The record becomes a dead letter."""


class TransientError(PipelineError):
    """An operation failed that may succeed later. It is retried with backoff; then the worker exits. No dead letter."""


class FatalError(PipelineError):
    """The worker cannot continue safely (fenced producer, diverged log). The process exits without a commit."""


class SlowNetworkError(PipelineError):
    """A unit could not be sent in the time that it has; it is tried again in smaller parts."""

    def __init__(self, bytes_per_sec: float, most_bytes: int) -> None:
        """Take the measured rate, and the bytes that can be sent in time."""
        super().__init__(f"the network carries {bytes_per_sec:.0f} bytes per second: at most {most_bytes} at a time")
        self.bytes_per_sec = bytes_per_sec
        self.most_bytes = most_bytes

    def __reduce__(self) -> tuple[type["SlowNetworkError"], tuple[float, int]]:
        """Copy by the same two arguments: aiokafka copies what it raises more than once."""
        return type(self), (self.bytes_per_sec, self.most_bytes)
