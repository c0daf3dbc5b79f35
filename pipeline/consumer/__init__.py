"""For consumers in Python: typed events, read from the headers and the value of a record. Needs only msgspec.

`read_event` is the entry point; the other modules have the types of values.
"""

from pipeline.consumer.event import Event, read_event

__all__ = ["Event", "read_event"]
