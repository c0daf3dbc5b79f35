"""Tells a `Contact` of every request of every aiokafka client of the process: fetches, heartbeats, commits.

No request is made for it: an idle worker fetches and sends heartbeats, so a silence of the brokers shows in seconds.
"""

from typing import Any

from aiokafka import errors
from aiokafka.client import AIOKafkaClient, ConnectionGroup

from pipeline.observability.contact import Contact
from pipeline.observability.label_values import RequestError

__all__ = ["install_contact"]

_KINDS: tuple[tuple[type[Exception], RequestError], ...] = (
    (errors.NodeNotReadyError, "not_ready"),
    (errors.RequestTimedOutError, "timeout"),
    (errors.KafkaConnectionError, "connection"),
)
_library_send = AIOKafkaClient.send


def install_contact(contact: Contact) -> None:
    """Make all clients report to a contact, in place of the one before."""

    async def send(client: Any, node_id: Any, request: Any, *, group: Any = ConnectionGroup.DEFAULT) -> Any:
        try:
            answer = await _library_send(client, node_id, request, group=group)
        except errors.KafkaError as error:
            contact.failed(next((kind for known, kind in _KINDS if isinstance(error, known)), "other"))
            raise
        contact.answered()
        return answer

    AIOKafkaClient.send = send
