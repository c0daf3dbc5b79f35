"""The faust application of one service: one source topic, one agent, our transport."""

from typing import Any

import faust
from faust.app.base import BootStrategy
from faust.types import ServiceT

from pipeline.kafka_io.chunks import Chunk
from pipeline.kafka_io.transport import ConsumerHost
from pipeline.settings import Settings

__all__ = ["NewsApp", "create_app"]


class _Boot(BootStrategy):  # type: ignore[misc]
    """Starts what we use of faust: the consumer, the agent, the conductor. No producer, tables or web server."""

    def server(self) -> list[ServiceT]:
        app = self.app
        # The conductor waits for tables to be declared before it subscribes; there are none.
        app.tables._tables_registered.set()  # noqa: SLF001
        return [app.consumer, app.agents, app.topics]


class _ChunkSchema(faust.Schema):  # type: ignore[misc]
    """Delivers the chunk as it is: records are decoded in the stages, where bad ones become dead letters."""

    def loads_key(self, *_: Any, **__: Any) -> None:
        return None

    def loads_value(self, _app: Any, message: Any, **_: Any) -> Any:
        return message.value


class NewsApp(faust.App):  # type: ignore[misc]
    """A faust application whose transport asks `host` for leases and limits."""

    BootStrategy = _Boot

    def __init__(self, group: str, *, host: ConsumerHost, **options: Any) -> None:
        """Take the consumer group, the transport's host, and the options of a faust application."""
        self.host = host
        super().__init__(group, **options)

    async def on_first_start(self) -> None:
        """Create no data directories: no state is kept on disk by faust."""


def create_app(settings: Settings, *, group: str, source_topic: str, host: ConsumerHost, accept: Any) -> NewsApp:
    """Build the application; `accept(chunk)` gets every fetched chunk in order.

    Faust prefers environment variables to arguments unless it is given a prefix; with ours, any such variable is an
    unknown setting, which is an error at start.
    """
    app = NewsApp(
        group,
        host=host,
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
