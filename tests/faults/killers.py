"""Records that kill whatever worker works on them, and records that no worker can unpack."""

import time
from collections import Counter
from collections.abc import Iterator

from tests.harness.feed import Input, issued, moved
from tests.harness.issuer import issue
from tests.harness.points import KILLS
from tests.harness.wave import Fault, Wave

__all__ = ["KILLER_FAULTS"]

KILLERS = 2
RECOVERY_SECS = 180  # limit; on an idle machine lag 0 comes within a third of it


def killing(count: int, seed: int) -> Iterator[Input]:
    """Yield issued articles; two of the first are on the site that makes `classify` kill its worker."""
    new = (item for item in issue(count, seed=seed) if item.relation == "new")
    for number, item in enumerate(issued(count, seed)):
        if number in (100, 160):
            yield Input(f"kills-{seed}-{number}".encode(), moved(next(new).value, f"https://{KILLS}/{seed}/{number}"))
        yield item


def records_that_kill(wave: Wave) -> str:
    """Wait until each record that kills workers is a dead letter, and everything else has come out."""
    began = time.monotonic()
    starts = wave.fleet.starts
    wave.underway(0.5)
    wave.feed.finish(60)
    wave.fleet.drain(RECOVERY_SECS)
    secs = time.monotonic() - began
    deaths = wave.fleet.starts - starts
    seen = len(wave.ledger.outcomes)
    wave.ledger.update()
    killed = Counter(o.kind for o in wave.ledger.outcomes[seen:])["kills_worker"]
    assert killed == KILLERS, f"{killed} dead letters of reason kills_worker"
    bad = {(s.partition, s.offset) for s in wave.feed.sent if KILLS.encode() in (s.value or b"")}
    assert {o.place for o in wave.ledger.outcomes[seen:] if o.kind == "kills_worker"} == bad
    assert deaths >= 2 * KILLERS, f"void: only {deaths} workers died"
    return f"{KILLERS} records killed {deaths} workers within {secs:.0f} s and became dead letters"


KILLER_FAULTS = (
    Fault("records that kill their worker", records_that_kill, inputs=killing, rate=500, count=1000, least=("one",)),
)
