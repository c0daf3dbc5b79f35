"""`news-pipeline demo`."""

import signal
import threading
from typing import Annotated

from cyclopts import Parameter

from pipeline.demo.play import play

__all__ = ["demo"]


def demo(*, keep: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Show the whole pipeline at work on its samples, on an embedded broker; takes less than a minute.

    Starts a broker, creates the topics, starts a worker with all stages of the chain and one for clusters, sends the
    samples, prints what comes out, the funnel (raw = enriched + revised + retracted + duplicates + dead letters) and
    who carries which story.

    Parameters
    ----------
    keep:
        Keep broker and worker running until Ctrl-C, to look around.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return play(keep=keep, stop=stop)
