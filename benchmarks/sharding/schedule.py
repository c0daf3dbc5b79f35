"""Simulates how fast shards on a core each would make the verdicts that one process made for all of them."""

from collections.abc import Sequence

from msgspec import Struct

__all__ = ["Costs", "Judged", "seconds"]


class Costs(Struct, frozen=True, kw_only=True):
    """What the simulated machines need.

    Attributes:
        looked_up, committed: CPU seconds of each shard for one article, on average, of looking up and of keeping.
        judged: CPU seconds of one judgement, on average.
        message_secs: CPU seconds of encoding or decoding the part of a message about one article.
        hop_secs: From sending a message to having it, beside this.
        batch: Articles of which shards are told together.
    """

    looked_up: tuple[float, ...]
    committed: tuple[float, ...]
    judged: float
    message_secs: float
    hop_secs: float
    batch: int


class Judged(Struct, frozen=True, kw_only=True):
    """One article of the log.

    Attributes:
        home: The shard that judges it.
        messages: What is sent or received for it, by all shards together.
        reads: Places in the log of the articles whose rows the judgement reads.
    """

    home: int
    messages: int
    reads: tuple[int, ...]


def seconds(articles: Sequence[Judged], costs: Costs) -> float:
    """Return how long the shards take for a log, each on a core of its own.

    Batches are looked up one ahead of the batch that is judged. A judgement begins when all shards have answered, when
    its shard has judged what came before, and a hop after the articles were judged whose rows it reads.
    """
    shards = len(costs.looked_up)
    free = [0.0] * shards
    done: list[float] = []
    batches = [range(start, min(start + costs.batch, len(articles))) for start in range(0, len(articles), costs.batch)]
    answered = _look_up(batches[0], articles, free, costs) if batches else 0.0
    for place, batch in enumerate(batches):
        begin = answered
        if place + 1 < len(batches):
            answered = _look_up(batches[place + 1], articles, free, costs)
        for number in batch:
            article = articles[number]
            ready = max(
                [begin, free[article.home], *(_known(read, article, articles, done, costs) for read in article.reads)]
            )
            free[article.home] = ready + costs.judged
            done.append(free[article.home])
        for shard in range(shards):
            free[shard] += costs.committed[shard] * len(batch)
    return max(free, default=0.0)


def _look_up(batch: range, articles: Sequence[Judged], free: list[float], costs: Costs) -> float:
    """Let all shards look up a batch; return when the last answer has come."""
    messages = sum(articles[number].messages for number in batch) / len(free)
    for shard in range(len(free)):
        free[shard] += costs.looked_up[shard] * len(batch) + 2 * messages * costs.message_secs
    return max(free) + (2 * costs.hop_secs if len(free) > 1 else 0.0)


def _known(read: int, article: Judged, articles: Sequence[Judged], done: list[float], costs: Costs) -> float:
    return done[read] + (0.0 if articles[read].home == article.home else costs.hop_secs)
