"""The work of `source http`: the server, its keys, and the end of it all without a lost answer."""

import asyncio
import ssl
import time
from pathlib import Path
from typing import Any

import msgspec

from pipeline import __version__
from pipeline.domain.record import Headers
from pipeline.downstream.web import WebParams, WebServer
from pipeline.errors import ConfigError
from pipeline.observability.logging import get_logger
from pipeline.settings import ServingSettings, SourceHttpSettings
from pipeline.sources.http.api import Api
from pipeline.sources.http.delivery import Delivery
from pipeline.sources.http.front import Front
from pipeline.sources.http.idempotency import Answers
from pipeline.sources.http.keys import ApiKeys
from pipeline.sources.http.openapi import openapi_document
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.service import SourceContext
from pipeline.wire.output import OutputRecord

__all__ = ["keys_path", "serve", "tls_context"]

log = get_logger(__name__)

_HOUR_MS = 3600 * 1000
_PARAMS = HttpSourceParams()


async def serve(context: SourceContext) -> None:
    """Answer requests until SIGTERM; then finish those in progress.

    Raises:
        ConfigError: The address, the file of keys, the certificate or the directory of the state does not fit.
        TransientError: The cluster cannot be reached at the start.
    """
    settings, params = context.settings.source_http, _PARAMS
    keys = ApiKeys(keys_path(settings))
    tls = tls_context(settings)
    answers = Answers(settings.state_dir, int(settings.idempotency_hours * _HOUR_MS), params)
    delivery = Delivery(context, params)
    front = Front(context.metrics, params)
    server = WebServer(
        ServingSettings(host=settings.host, port=settings.port),
        _web_params(settings, params),
        front=front.guard,
        tls=tls,
        decodes_bodies=False,
    )

    def to_record(value: bytes, headers: Headers) -> OutputRecord:
        return context.topic.record(value, headers, time.time_ns() // 1_000_000)

    api = Api(
        settings,
        keys=keys,
        answers=answers,
        delivery=delivery,
        to_record=to_record,
        metrics=context.metrics,
        document=msgspec.json.encode(openapi_document(__version__, params)),
        params=params,
    )
    watching = asyncio.create_task(_watch_keys(keys, params.keys_check_secs), name="keys")
    try:
        await delivery.open()
        await server.start(api.routes())
        log.info("source_listening", host=settings.host, port=server.port, tls=tls is not None)
        context.ready()
        await _until_stopped(context.stop, delivery)
    finally:
        watching.cancel()
        server.close()
        api.hasten()
        await front.stop()  # the deadline of the shutdown bounds it
        await server.stop()
        await delivery.close()
        await asyncio.to_thread(answers.close)


async def _until_stopped(stop: asyncio.Event, delivery: Delivery) -> None:
    stopping = asyncio.create_task(stop.wait(), name="stop")
    ends: set[asyncio.Future[Any]] = {stopping, delivery.failure}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if delivery.failure.done():
        await delivery.failure


async def _watch_keys(keys: ApiKeys, interval_secs: float) -> None:
    """Read the file of keys again when it changes. With an error in it, the former keys stay valid."""
    is_wrong = False
    while True:
        await asyncio.sleep(interval_secs)
        try:
            if await asyncio.to_thread(keys.refresh):
                log.info("keys_read")
            is_wrong = False
        except ConfigError as error:
            if not is_wrong:
                log.warning("keys_not_read", **{"error.message": str(error)})
            is_wrong = True


def keys_path(settings: SourceHttpSettings) -> Path:
    """Return the file of keys.

    Raises:
        ConfigError: None is set.
    """
    if settings.keys_file is None:
        raise ConfigError("NEWS_SOURCE_HTTP__KEYS_FILE is not set: nobody could send; `source http-key` makes a key")
    return settings.keys_file


def tls_context(settings: SourceHttpSettings) -> ssl.SSLContext | None:
    """Return the certificate as the server needs it; None where none is set.

    Raises:
        ConfigError: Only one of the two files is set, or they cannot be read or do not belong together.
    """
    if settings.tls_certificate is None and settings.tls_key is None:
        return None
    if settings.tls_certificate is None or settings.tls_key is None:
        raise ConfigError("set both NEWS_SOURCE_HTTP__TLS_CERTIFICATE and NEWS_SOURCE_HTTP__TLS_KEY, or neither")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{settings.tls_certificate}, {settings.tls_key}: {error}") from error
    return context


def _web_params(settings: SourceHttpSettings, params: HttpSourceParams) -> WebParams:
    return WebParams(
        max_connections=settings.max_connections,
        idle_secs=params.idle_secs,
        max_line_bytes=params.line_bytes,
        max_body_bytes=params.max_body_bytes,
        close_secs=params.close_secs,
    )
