"""A process that drafts articles one by one with limits on time and memory.

`python -m pipeline.runtime.extraction_process` reads requests from standard input and writes replies to standard
output, each with its length before it. It ends when its input ends, when nobody asks for a while, when a request has
left it large, or by its limits.
"""

import resource
import select
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.params import IngestParams

__all__ = ["LENGTH_BYTES", "ProcessParams", "Reply", "Request", "main", "room_bytes"]

LENGTH_BYTES: Final = 8
"""Length of a message, most significant byte first, before the message."""

_SIZE = Path("/proc/self/statm")
"""How large this process is; only Linux, on which workers run, says so and keeps to the limit of memory."""
_CONTROL_GROUP = Path("/sys/fs/cgroup")
_RESERVE_BYTES = 64 * 1024 * 1024
"""What the worker may need meanwhile."""
_LEAST_ROOM_BYTES = 64 * 1024 * 1024
"""With less, even ordinary pages would be rejected."""


class ProcessParams(Struct, frozen=True, kw_only=True):
    """What an extraction process may use. Set by hand, above what the limits on counts allow."""

    memory_bytes: int = 640 * 1024 * 1024
    """Address space beside what the process has at its start: twice a tree of 400,000 tags, and elements made again.

    Less where the container has less left."""
    cpu_secs: int = 5
    """CPU time of one article; the largest pages that the limits on counts allow take 2 seconds."""
    idle_secs: float = 60.0
    """Time without a request after which the process ends."""
    kept_bytes: int = 200 * 1024 * 1024
    """A process that has become larger is not used again."""


class Request(Struct, frozen=True):
    """The arguments of `draft_article`."""

    raw: RawArticle
    domain: str | None
    seen_ms: int
    params: IngestParams
    learned: Mapping[str, bool]


class Reply(Struct, frozen=True):
    """What became of a request: exactly one of these."""

    draft: ArticleDraft | None = None
    reject: Reject | None = None
    exception_class: str | None = None
    """The name of an exception that was raised: a bug."""


def main(params: ProcessParams) -> None:
    """Answer requests until the input ends."""
    _limit_memory(params.memory_bytes)
    decoder = msgspec.msgpack.Decoder(Request)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while select.select([source], [], [], params.idle_secs)[0]:
        request = _read(source, decoder)
        if request is None:
            return
        _limit_time(params.cpu_secs)
        answer = msgspec.msgpack.encode(_reply(request))
        target.write(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)
        target.flush()
        if _SIZE.exists() and _bytes(1) > params.kept_bytes:
            return


def _read(source: BinaryIO, decoder: msgspec.msgpack.Decoder[Request]) -> Request | None:
    length = source.read(LENGTH_BYTES)
    if len(length) < LENGTH_BYTES:
        return None
    return decoder.decode(source.read(int.from_bytes(length, "big")))


def _reply(request: Request) -> Reply:
    try:
        found = draft_article(request.raw, request.domain, request.seen_ms, request.params, request.learned)
    except MemoryError:
        return Reply(reject=Reject("too_costly", "extraction took more memory than allowed"))
    except Exception as error:  # noqa: BLE001  reported by its class to whoever asked
        return Reply(exception_class=type(error).__name__)
    return Reply(reject=found) if isinstance(found, Reject) else Reply(draft=found)


def _limit_memory(extra_bytes: int) -> None:
    """Limit this process, and have the kernel end it before any other if memory runs out all the same."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _SIZE.exists():
        room = room_bytes(_CONTROL_GROUP)
        limit = _bytes(0) + (extra_bytes if room is None else min(extra_bytes, room))
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def room_bytes(group: Path) -> int | None:
    """Return how much memory a container has left, less a reserve; None where it has no limit.

    When a container runs out, all its processes may be ended at once, the worker with them.

    Args:
        group: The folder of its control group, version 2.
    """
    try:
        limit, used = (int((group / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):
        return None
    return max(_LEAST_ROOM_BYTES, limit - used - _RESERVE_BYTES)


def _limit_time(cpu_secs: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + cpu_secs
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _bytes(column: int) -> int:
    """Return the size of this process: its address space (0), or what of it is resident (1)."""
    return int(_SIZE.read_text(encoding="ascii").split()[column]) * resource.getpagesize()


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=ProcessParams))
