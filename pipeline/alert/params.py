"""The numbers that bound queries, memory and deliveries of the alert service."""

from typing import Final

from msgspec import Struct

__all__ = [
    "DELIVERY",
    "MATCHING",
    "QUERIES",
    "STORY_WAIT",
    "DeliveryParams",
    "MatchingParams",
    "QueriesParams",
    "StoryWaitParams",
]


class QueriesParams(Struct, frozen=True, kw_only=True):
    """What a file of queries may contain. The bounds of the words of one query are those of the search."""

    max_file_bytes: int = 16 * 1024 * 1024
    """Largest file. Chosen: ten times the size of 10,000 queries."""
    max_queries: int = 10_000
    """Most queries. Ten times what the benchmark measures."""
    max_webhooks: int = 100
    """Most webhooks. Each has a task and a connection of its own."""
    max_sinks: int = 8
    """Most sinks of one query."""
    max_values: int = 20
    """Most values of all filters of one query together, as in the search."""
    max_errors: int = 10
    """Most errors that are reported of one file."""


class MatchingParams(Struct, frozen=True, kw_only=True):
    """How the index of the queries is made."""

    max_stems: int = 200_000
    """Common forms of words that are kept for each language; about 20 MB. Then they are found anew."""
    sampled: int = 8
    """Of one article in this many, its keys are counted, which costs a tenth of matching it."""
    first_samples: int = 250
    """After this many counted articles the index is made again by what was counted, then after each doubling."""
    last_samples: int = 100_000
    """Counted articles after which all counts are halved, so that they follow the news."""


class DeliveryParams(Struct, frozen=True, kw_only=True):
    """How notifications are sent."""

    batch: int = 200
    """Most notifications that are taken from the outbox, or sent to Kafka in one transaction, at a time."""
    poll_secs: float = 0.25
    """Interval at which a sink looks for new notifications."""
    measure_secs: float = 2.0
    """Interval at which it is counted how many notifications wait."""
    first_pause_secs: float = 1.0
    """Pause after the first failure of a sink; it doubles with each further one."""
    max_pause_secs: float = 300.0
    """Longest pause. Chosen: an endpoint that is back is used again after minutes."""
    jitter: float = 0.25
    """Largest share by which a pause is longer, so that many services do not return at one moment."""
    refusals: int = 5
    """Attempts at a notification that the receiver, or a rule about addresses, refuses each time."""
    max_outbox: int = 100_000
    """Most notifications that wait for one sink; older ones become dead letters. About 100 MB."""
    max_dead_letters: int = 100_000
    """Most dead letters that are kept, the latest."""
    max_history: int = 100_000
    """Most notifications that are kept for the page and for readers of the event stream that return."""
    prune_secs: float = 60.0
    """Interval at which what is outdated is removed."""


class StoryWaitParams(Struct, frozen=True, kw_only=True):
    """How events wait for the story of their article; how long is a setting."""

    in_vain: int = 20
    """After this many waits in vain in a row, none waits until a membership is read again. Chosen: more than a worker
    that is killed at work leaves, and less than a minute of news."""
    max_waiting: int = 20_000
    """Most events that wait; of older ones the cluster counts. About 20 MB, and 10,000 matching articles per second."""
    catching_up_secs: float = 60.0
    """Longest wait until the memberships that were there at the start are read. Chosen: those of some days."""


QUERIES: Final = QueriesParams()
MATCHING: Final = MatchingParams()
DELIVERY: Final = DeliveryParams()
STORY_WAIT: Final = StoryWaitParams()
