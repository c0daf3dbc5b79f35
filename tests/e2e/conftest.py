"""A broker for commands under test."""

from collections.abc import Iterator

import pytest

from pipeline.ops.broker import EmbeddedBroker


@pytest.fixture(scope="module")
def embedded_broker() -> Iterator[str]:
    """The address of an embedded broker."""
    with EmbeddedBroker() as broker:
        yield broker.bootstrap_servers
