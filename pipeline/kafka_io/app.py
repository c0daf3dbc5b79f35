"""The faust application of one service: one source topic, one agent, our transport."""

from collections.abc import Callable
from typing import Any

import faust
from faust.app.base import BootStrategy
from faust.types import ServiceT

from pipeline.kafka_io.chunks import Chunk
from pipeline.kafka_io.transport import ConsumerDelegate
from pipeline.settings import Settings

__all__ = ["NewsApp", "create_app"]


class _Boot(BootStrategy):  # type: ignore[misc]
    """Starts the consumer, the agents and the conductor; no sensors, producer, tables or web server."""

    def server(self) -> list[ServiceT]:
        app = self.app
        # The conductor subscribes only after this event, which the table manager sets; it is not started.
        app.tables._tables_registered.set()  # noqa: SLF001
        return [app.consumer, app.agents, app.topics]


class _ChunkSchema(faust.Schema):  # type: ignore[misc]
    """Delivers chunks undecoded: the runner decodes records, and makes dead letters of those it cannot decode."""

    def loads_key(self, *_: Any, **__: Any) -> None:
        return None

    def loads_value(self, _app: Any, message: Any, **_: Any) -> Any:
        return message.value


class NewsApp(faust.App):  # type: ignore[misc]
    """A faust application whose consumer gets leases and limits from a `ConsumerDelegate`."""

    BootStrategy = _Boot

    def __init__(self, group: str, *, delegate: ConsumerDelegate, **settings: Any) -> None:
        """Create the application of a consumer group; `settings` are faust's."""
        self.delegate = delegate
        super().__init__(group, **settings)

    async def on_first_start(self) -> None:
        """Create no data directories, as faust would: it keeps no state on disk here."""


def create_app(
    settings: Settings, *, group: str, source_topic: str, delegate: ConsumerDelegate, accept: Callable[[Chunk], None]
) -> NewsApp:
    """Build the application of one service.

    Faust prefers environment variables to arguments unless it is given a prefix. With the prefix used here, any such
    variable is an unknown setting of ours, which is a configuration error at start.

    Args:
        settings: Settings of the worker.
        group: Consumer group; also the name of faust's application and agent.
        source_topic: Full name of the topic to consume.
        delegate: Provides leases and limits to the consumer.
        accept: Called with every fetched chunk; per partition in the order of offsets.
    """
    app = NewsApp(
        group,
        delegate=delegate,
        env_prefix="NEWS_FAUST_",
        broker=[f"kafka+batch://{server}" for server in settings.kafka.servers],
        key_serializer="raw",
        value_serializer="raw",
        broker_max_poll_records=settings.work.max_batch_records,
        stream_buffer_maxsize=settings.work.max_in_flight_chunks,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        worker_redirect_stdouts=False,
        table_standby_replicas=0,
        stream_wait_empty=False,
        agent_supervisor="mode.supervisors:CrashingSupervisor",
    )
    source = app.topic(source_topic, schema=_ChunkSchema(), acks=False)

    @app.agent(source, name=group, concurrency=1)  # type: ignore[untyped-decorator]
    async def work(chunks: faust.StreamT[Chunk]) -> None:
        async for chunk in chunks:
            accept(chunk)

    return app
