"""`news-pipeline broker`."""

import signal
import threading

from pipeline.ops.broker import EmbeddedBroker

__all__ = ["broker"]

_POLL_SECS = 0.5


def broker(*, port: int = 9092, host: str = "127.0.0.1") -> int:
    """Run the embedded broker until Ctrl-C or SIGTERM, for trying out and for tests.

    It keeps everything in memory and has no transactions: workers need NEWS_GUARANTEE=at_least_once. The first worker
    of a group waits half its session time-out, so a short one (NEWS_KAFKA__SESSION_TIMEOUT_SECS=6, with
    NEWS_KAFKA__HEARTBEAT_INTERVAL_SECS=2) starts sooner. Production is Apache Kafka.

    Parameters
    ----------
    port:
        Port to listen on; 0 takes any free one.
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
                print("the embedded broker ended by itself", flush=True)
                return 1
    return 0
