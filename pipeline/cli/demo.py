"""`news-pipeline demo`."""

import signal
import threading
from typing import Annotated

from cyclopts import Parameter

from pipeline.demo.play import play

__all__ = ["demo"]


def demo(*, keep: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Run the whole pipeline on its samples, on an embedded broker; this takes less than a minute.

    The demo starts a broker, creates the topics, starts a worker with all stages of the chain, one for clusters, and
    the search service, and sends the samples. It prints the results as they arrive, the funnel (raw = enriched +
    revised + retracted + duplicates + dead letters), the cluster that most publishers carry, what a search finds, and
    how the articles of a small site travel from its feed to events (with the extra `sources`).
    It needs the extra `demo`, and for the search the extra `search` (`pip install news-pipeline[demo,search]`).

    Parameters
    ----------
    keep:
        Keep the broker, the workers and the search page running until Ctrl-C.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return play(keep=keep, stop=stop)
