"""A saved query and a webhook, as a person wrote them."""

from typing import Final, Literal

from msgspec import Struct

__all__ = ["EVENTS", "KAFKA", "OWN_SINKS", "REASONS", "STDOUT", "WEBHOOK", "Reason", "SavedQuery", "SavedWebhook"]

Reason = Literal["new", "correction", "withdrawal"]
"""Why somebody is notified: of a story, of a change of what an article means, of its withdrawal."""
REASONS: Final[tuple[Reason, ...]] = ("new", "correction", "withdrawal")

EVENTS: Final = "events"
KAFKA: Final = "kafka"
STDOUT: Final = "stdout"
OWN_SINKS: Final = (EVENTS, KAFKA, STDOUT)
WEBHOOK: Final = "webhook:"
"""What the name of a webhook follows where sinks are listed."""


class SavedQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query with what happens when an article matches it.

    Attributes:
        id: Its name, which notifications carry, and by which the stories that were notified are remembered.
        words: Words, phrases and exclusions, in the syntax of the search.
        language: First parts of tags, any of which the article must have; so for the other filters.
        subject: Codes of Media Topics.
        reliable: Whether only reliable subjects count.
        publisher: Ids of publishers.
        country: Countries of publishers, ISO 3166-1 alpha-2. An article whose publisher's is unknown has none.
        on: What is notified.
        sinks: Where notifications are sent.
    """

    id: str
    words: str = ""
    language: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    reliable: bool = True
    publisher: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    on: tuple[Reason, ...] = REASONS
    sinks: tuple[str, ...] = (EVENTS,)


class SavedWebhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook. Addresses of many receivers contain a credential, so that of a webhook may be in a file of its own.

    Attributes:
        url: Its address, or `url_file`: a file with the address.
        secret_file: A file with the key of the signature: `whsec_` and base64.
    """

    secret_file: str
    url: str | None = None
    url_file: str | None = None
