"""A receiver of OTLP over HTTP, in this process: keeps the spans and metrics that it gets."""

import gzip
import threading
import zlib
from http.server import BaseHTTPRequestHandler
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.harness.local_server import LocalServer

__all__ = ["OtlpReceiver"]


class OtlpReceiver(LocalServer):
    """Listens on a free port of the loopback address while its block runs."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.metrics: dict[str, Any] = {}
        self.resources: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                encoding = self.headers.get("Content-Encoding")
                body = gzip.decompress(body) if encoding == "gzip" else zlib.decompress(body) if encoding else body
                receiver.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the parent's signature
                pass

        super().__init__(Handler)
        self._lock = threading.Lock()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        with self._lock:
            self.headers.append(headers)
            if path == "/v1/traces":
                for part in ExportTraceServiceRequest.FromString(body).resource_spans:
                    self.resources.append(_plain(part.resource.attributes))
                    self.spans += [span for scope in part.scope_spans for span in scope.spans]
            elif path == "/v1/metrics":
                for sent in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    self.resources.append(_plain(sent.resource.attributes))
                    self.metrics.update(
                        {metric.name: metric for scope in sent.scope_metrics for metric in scope.metrics}
                    )
            else:
                raise AssertionError(path)

    def named(self, name: str) -> list[Any]:
        """Return the spans of a name."""
        return [span for span in self.spans if span.name == name]


def _plain(attributes: Any) -> dict[str, str]:
    return {item.key: item.value.string_value for item in attributes}
