"""The latest headlines, read from the topic of enriched events while somebody wants to see them."""

import json
import threading
from collections import deque
from typing import Any

from kafka import TopicPartition
from msgspec import Struct

from pipeline.domain.times import from_epoch_ms
from pipeline.errors import PipelineError
from pipeline.ops.clients import catalogue_for, consumer, require_topics
from pipeline.ops.offsets import end_offsets, first_offsets, has_reached
from pipeline.settings import Settings

__all__ = ["Headline", "Headlines"]

_POLL_MS = 200
_MARKERS = 4
"""Offsets per event that are looked back: transactions have markers, which are offsets too."""


class Headline(Struct, frozen=True):
    """One event: when it was published to the topic, its language, its publisher, and its headline."""

    at: str
    language: str
    publisher: str
    headline: str


class Headlines:
    """Reads the newest events in a thread, between `start` and `stop`."""

    def __init__(self, settings: Settings, count: int) -> None:
        """Read nothing yet.

        Args:
            settings: The cluster, the prefix and the lane.
            count: How many headlines to keep.
        """
        self._settings = settings
        self._rows: deque[tuple[int, Headline]] = deque(maxlen=count)
        self._stopped = threading.Event()
        self._caught_up = threading.Event()
        self._thread: threading.Thread | None = None
        self.problem = ""

    @property
    def rows(self) -> tuple[Headline, ...]:
        """The newest headlines, newest first."""
        return tuple(row for _, row in sorted(self._rows, key=lambda pair: -pair[0]))

    def start(self) -> None:
        """Start reading."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._read, name="headlines", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until the events that existed at the start have been read, or reading has failed."""
        self._caught_up.wait(seconds)

    def stop(self) -> None:
        """Stop reading; does not wait for a connection that is being made."""
        self._stopped.set()

    def _read(self) -> None:
        try:
            topic = catalogue_for(self._settings).stage("publish").emits
            require_topics(self._settings.kafka, topic)
            with consumer(self._settings.kafka, enable_auto_commit=False, group_id=None) as client:
                self._follow(client, topic)
        except PipelineError as error:
            self.problem = str(error)
        finally:
            self._caught_up.set()

    def _follow(self, client: Any, topic: str) -> None:
        places = [TopicPartition(topic, number) for number in sorted(client.partitions_for_topic(topic) or ())]
        client.assign(places)
        starts, ends = first_offsets(client, places), end_offsets(client, places)
        back = (self._rows.maxlen or 0) * _MARKERS
        for place in places:
            client.seek(place, max(starts[place], ends[place] - back))
        while not self._stopped.is_set():
            found = [record for records in client.poll(timeout_ms=_POLL_MS).values() for record in records]
            for record in sorted(found, key=lambda record: int(record.timestamp)):
                if (row := _headline(record)) is not None:
                    self._rows.append((int(record.timestamp), row))
            if has_reached(client, ends):
                self._caught_up.set()


def _headline(record: Any) -> Headline | None:
    """Return the headline of an event; None for a retraction or an event that cannot be read."""
    try:
        event = json.loads(record.value or b"null")
        language, publisher = event.get("language") or {}, event.get("publisher") or {}
        return Headline(
            at=from_epoch_ms(record.timestamp),
            language=str(language.get("tag", "")),
            publisher=str(publisher.get("id", "")),
            headline=str(event["headline"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
