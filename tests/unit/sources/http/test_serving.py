"""Certificates by settings, and settings that do not fit."""

import ssl
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from pipeline.downstream.web import WebServer
from pipeline.errors import ConfigError
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.settings import ServingSettings, SourceHttpSettings
from pipeline.sources.http.front import Front
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.serving import keys_path, tls_context
from tests.harness.certificates import make_certificates


async def _hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


async def test_the_certificate_of_the_settings_is_shown(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    settings = SourceHttpSettings(tls_certificate=tmp_path / "server.pem", tls_key=tmp_path / "server.key")
    front = Front(SourceMetrics("http"), HttpSourceParams())
    server = WebServer(ServingSettings(port=0), front=front.guard, tls=tls_context(settings))
    await server.start([web.get("/", _hello)])
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    async with aiohttp.ClientSession() as client:
        async with client.get(f"https://127.0.0.1:{server.port}/", ssl=trusting) as answer:
            assert await answer.text() == "hello"
        with pytest.raises(aiohttp.ClientError):
            await client.get(f"http://127.0.0.1:{server.port}/")
    await server.stop()


def test_half_a_certificate_and_a_missing_one_are_named(tmp_path: Path) -> None:
    assert tls_context(SourceHttpSettings()) is None
    with pytest.raises(ConfigError, match="TLS_KEY"):
        tls_context(SourceHttpSettings(tls_certificate=tmp_path / "a.pem"))
    with pytest.raises(ConfigError, match=r"a\.pem"):
        tls_context(SourceHttpSettings(tls_certificate=tmp_path / "a.pem", tls_key=tmp_path / "a.key"))


def test_without_keys_nothing_starts() -> None:
    with pytest.raises(ConfigError, match="source http-key"):
        keys_path(SourceHttpSettings())
