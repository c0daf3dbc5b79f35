"""A network so slow that a dead letter cannot be sent whole in the time that a transaction has."""

import random
import time
from hashlib import sha256

from tests.faults.trial import Found, Ground, headers_of, trials
from tests.harness.proxy import CLEAR, Conditions
from tests.harness.scenario import RAW

__all__ = ["SLOW_NETWORK"]

MB = 1_000_000
LETTER_BYTES, LETTERS = 20 * MB, 3
GOOD = 60
REQUEST_SECS = "15"  # as short as the default of a transaction
DRAIN_SECS = 300


def large_letters(ground: Ground) -> Found:
    """Let a worker behind 1 MB/s write dead letters of 20 MB among good records."""
    proxy = ground.site.proxy
    assert proxy is not None
    ground.good(GOOD, 1)
    rng = random.Random(7)
    values = [b"[" + rng.randbytes(LETTER_BYTES) for _ in range(LETTERS)]
    ground.cluster.produce(RAW, [(b"large-%d" % number, value, ()) for number, value in enumerate(values)])
    ground.good(GOOD, 2)
    # Without transactions, the time of a request counts.
    with ground.worker(f"127.0.0.1:{proxy.port}", NEWS_KAFKA__REQUEST_TIMEOUT_SECS=REQUEST_SECS) as worker:
        held = proxy.held_up
        proxy.conditions = Conditions(bytes_per_sec=MB)
        try:
            began = time.monotonic()
            ground.drain(worker, DRAIN_SECS)
            secs = time.monotonic() - began
        finally:
            proxy.conditions = CLEAR
        held = proxy.held_up - held
        halved = int(worker.metric("news_retries_total", reason="slow_network"))
    assert held > 0, "void: no packet was delayed"
    assert ground.starts == 1, "a worker ended"
    letters = {headers_of(letter)["news.dlq.value-sha256"]: letter for letter in ground.letters()}
    assert letters.keys() == {sha256(value).hexdigest() for value in values}
    for value in values:
        letter = letters[sha256(value).hexdigest()]
        assert value.startswith(letter.value)
        assert letter.value == value or headers_of(letter)["news.dlq.value-bytes"] == str(len(value))
    lengths = sorted(round(len(letter.value) / MB, 1) for letter in letters.values())
    assert halved > 0, "void: everything could be sent in time"
    return Found(
        inputs=2 * GOOD + LETTERS,
        lost=2 * GOOD - len(ground.events()),
        duplicated=max(0, len(ground.letters()) - LETTERS) if ground.guarantee == "exactly_once" else 0,
        proof=f"1 MB/s, {LETTERS} letters of 20 MB: no worker ended, all came out within {secs:.0f} s; "
        f"{halved} attempts given up in time, {lengths} MB of the letters kept, with the hash of the whole",
    )


SLOW_NETWORK = trials("dead letters of 20 MB at 1 MB/s", large_letters)
