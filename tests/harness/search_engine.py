"""A stub of the REST API of Elasticsearch and OpenSearch: what sinks and bulk programs use of it.

It stores documents by index and id, checks external versions as the engines do, and refuses unknown requests.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from tests.harness.local_server import LocalServer

__all__ = ["SearchEngine"]

VERSION = {"number": "2.19.4", "distribution": "opensearch", "build_flavor": "default"}
Item = dict[str, Any]


class _Document(Struct, frozen=True):
    """A document, or without a source the trace of a deleted one, whose version counts too."""

    version: int
    source: dict[str, Any] | None


class SearchEngine(LocalServer):
    """The server and its indices."""

    def __init__(self) -> None:
        self.templates: dict[str, Any] = {}
        self.indices: dict[str, Any] = {}
        self.conflicts = 0
        self.deleted: set[str] = set()
        self._documents: dict[tuple[str, str], _Document] = {}
        self._lock = threading.Lock()
        engine = self

        class Handler(_Handler):
            """Bound to this engine."""

            served = engine

        super().__init__(Handler)

    def documents(self, index: str) -> dict[str, dict[str, Any]]:
        """Return the documents of an index by id."""
        with self._lock:
            found = {name: document.source for (place, name), document in self._documents.items() if place == index}
        return {name: source for name, source in found.items() if source is not None}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Return status and body of the answer to a request."""
        parts = [part for part in path.split("/") if part]
        with self._lock:
            match method, parts:
                case (("GET" | "HEAD"), []):
                    return 200, {"name": "stub", "cluster_name": "stub", "version": VERSION}
                case "PUT", ["_index_template", name]:
                    self.templates[name] = json.loads(body)
                    return 200, {"acknowledged": True}
                case "PUT", [index] if not index.startswith("_"):
                    return self._create(index, body)
                case (("POST" | "PUT"), ["_bulk"]):
                    return 200, self._bulk(body, None)
                case (("POST" | "PUT"), [index, "_bulk"]):
                    return 200, self._bulk(body, index)
        return 400, _error("illegal_argument_exception", f"the stub does not know {method} {path}")

    def _create(self, index: str, body: bytes) -> tuple[int, Any]:
        if index in self.indices:
            return 400, _error("resource_already_exists_exception", f"index [{index}] already exists")
        self.indices[index] = json.loads(body) if body else {}
        return 200, {"acknowledged": True, "shards_acknowledged": True, "index": index}

    def _bulk(self, body: bytes, index: str | None) -> Item:
        lines = iter(body.splitlines())
        items: list[Item] = []
        for line in lines:
            ((verb, action),) = json.loads(line).items()
            if verb not in ("index", "delete"):
                raise ValueError(f"the stub does not know {verb}")
            source = json.loads(next(lines)) if verb == "index" else None
            items.append({verb: self._write(action.get("_index", index), action, source)})
        failed = any("error" in item for entry in items for item in entry.values())
        return {"took": 1, "errors": failed, "items": items}

    def _write(self, index: str, action: Item, source: dict[str, Any] | None) -> Item:
        place = (index, action["_id"])
        held = self._documents.get(place)
        item: Item = {"_index": index, "_id": action["_id"], "_shards": {"total": 1, "successful": 1, "failed": 0}}
        is_external = action.get("version_type") == "external"
        version = action["version"] if is_external else (held.version if held else 0) + 1
        if held is not None and version <= held.version:
            self.conflicts += 1
            return {**item, **_error("version_conflict_engine_exception", "version conflict", 409)}
        self._documents[place] = _Document(version, source)
        was_there = held is not None and held.source is not None
        if source is None:
            self.deleted.add(action["_id"])
            outcome, status = ("deleted", 200) if was_there else ("not_found", 404)
        else:
            outcome, status = ("updated", 200) if was_there else ("created", 201)
        return {
            **item, "_version": version, "result": outcome, "status": status, "_seq_no": version, "_primary_term": 1
        }  # fmt: skip


def _error(kind: str, reason: str, status: int = 400) -> Item:
    cause = {"type": kind, "reason": f"[{kind}]: {reason}"}
    return {"error": {**cause, "root_cause": [cause]}, "status": status}


class _Handler(BaseHTTPRequestHandler):
    served: SearchEngine
    protocol_version = "HTTP/1.1"

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, answer = self.served.answer(self.command, urlsplit(self.path).path, body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("X-Elastic-Product", "Elasticsearch")  # clients of Elasticsearch refuse a server without it
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = _reply  # noqa: N815  # the names are those of the library

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Log nothing."""
