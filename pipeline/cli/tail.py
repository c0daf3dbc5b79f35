"""`news-pipeline tail`."""

import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from pipeline.cli.arguments import above_zero
from pipeline.cli.records import describe, to_json
from pipeline.errors import ConfigError
from pipeline.ops.clients import catalogue_for, consumer, require_topics
from pipeline.settings import load_settings

__all__ = ["full_name", "tail"]

_POLL_MS = 200


def tail(
    topic: str,
    *,
    start: Annotated[Literal["earliest", "latest"], Parameter(name="--from")] = "earliest",
    count: Annotated[int | None, Parameter(validator=above_zero)] = None,
    timeout: Annotated[float | None, Parameter(validator=above_zero)] = None,
    json_lines: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Print the committed records of a topic as they arrive, until Ctrl-C.

    Parameters
    ----------
    topic:
        A name from `news-pipeline topics list`, with or without the prefix, or a part of a name that only one topic
        contains (`enriched`, `duplicates`, `dlq.ingest`).
    start:
        Where to begin.
    count:
        Stop after this many records.
    timeout:
        Stop when no record has arrived for this many seconds; exit 1 when fewer than `--count` records have arrived.
    json_lines:
        Print one JSON object per record, with key, headers and value, instead of a line for people.
    """
    settings = load_settings()
    name = full_name(topic, [spec.name for spec in catalogue_for(settings).topics])
    require_topics(settings.kafka, name)
    with consumer(settings.kafka, auto_offset_reset=start, enable_auto_commit=False, group_id=None) as client:
        client.subscribe([name])
        for seen, record in enumerate(_records(client, timeout), start=1):
            print(to_json(record) if json_lines else describe(record), flush=True)
            if seen == count:
                return 0
    return int(count is not None)


def _records(client: Any, timeout: float | None) -> Iterator[Any]:
    last = time.monotonic()
    while timeout is None or time.monotonic() - last < timeout:
        for records in client.poll(timeout_ms=_POLL_MS).values():
            yield from records
            last = time.monotonic()


def full_name(given: str, names: Sequence[str]) -> str:
    """Return the topic that a name or a part of a name stands for.

    A name that equals the text, or ends with it after a dot, has precedence over names that contain it. A text that
    matches no topic of the catalogue is returned unchanged.

    Raises:
        ConfigError: The text matches several topics.
    """
    found = [name for name in names if name == given or name.endswith(f".{given}")]
    found = found or [name for name in names if given in name]
    if len(found) > 1:
        raise ConfigError(f"{given} matches several topics: {', '.join(found)}; give a longer part of the name")
    return found[0] if found else given
