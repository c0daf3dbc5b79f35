"""A process that reads bodies one by one with limits on time and memory.

`python -m pipeline.sources.feeds.parse_process` reads requests from standard input and writes replies to standard
output, each with its length before it. It ends when its input ends, or by its limits.
"""

import resource
import sys
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from pipeline.sources.feeds.items import Parsed, ParseFailure
from pipeline.sources.feeds.parse_params import ParseParams
from pipeline.sources.feeds.parsing import parse_body

__all__ = ["LENGTH_BYTES", "Reply", "Request", "main"]

LENGTH_BYTES: Final = 8
"""Length of a message, most significant byte first, before the message."""


class Request(Struct, frozen=True):
    """The arguments of `parse_body`."""

    body: bytes
    content_type: str | None
    url: str
    max_bytes: int


class Reply(Struct, frozen=True):
    """What became of a request: one of these."""

    parsed: Parsed | None = None
    failure: ParseFailure | None = None


def main(params: ParseParams) -> None:
    """Answer requests until the input ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (params.memory_bytes, params.memory_bytes))
    decoder = msgspec.msgpack.Decoder(Request)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while (request := _read(source, decoder)) is not None:
        _limit_time(params.cpu_secs)
        answer = msgspec.msgpack.encode(_reply(request, params))
        target.write(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)
        target.flush()


def _read(source: BinaryIO, decoder: msgspec.msgpack.Decoder[Request]) -> Request | None:
    length = source.read(LENGTH_BYTES)
    if len(length) < LENGTH_BYTES:
        return None
    return decoder.decode(source.read(int.from_bytes(length, "big")))


def _reply(request: Request, params: ParseParams) -> Reply:
    try:
        found = parse_body(request.body, request.content_type, request.url, request.max_bytes, params)
    except MemoryError:
        return Reply(failure=ParseFailure("too_costly"))
    except Exception:  # noqa: BLE001  the libraries raise anything for a feed that nobody foresaw
        return Reply(failure=ParseFailure("unreadable"))
    return Reply(failure=found) if isinstance(found, ParseFailure) else Reply(parsed=found)


def _limit_time(cpu_secs: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + cpu_secs
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=ParseParams))
