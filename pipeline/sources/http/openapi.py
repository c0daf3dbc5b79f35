"""The OpenAPI 3.1 description of the service, made from the schema of raw articles and the table of problems."""

import json
from typing import Any, Final

from pipeline.sources.http.articles import ARTICLE_HEADERS
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.problems import MEDIA_TYPE, STATUSES, TITLES
from pipeline.wire.schemas import load_schema

__all__ = ["openapi_document"]

_PARTS: Final = "#/$defs/"
_PART: Final = "RawArticle_"
_ACCEPTED: Final = {
    "type": "object",
    "required": ["status", "article_id"],
    "properties": {
        "status": {"const": "accepted"},
        "article_id": {"type": "string", "description": "Key of the record, and the id under which events come out."},
    },
}
_PROBLEM: Final = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "description": "The kind: a closed list, see docs/sources-http.md.",
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "reason": {"type": "string", "description": "The reason that a dead letter of the article would have."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def openapi_document(version: str, params: HttpSourceParams) -> dict[str, Any]:
    """Return the document.

    Args:
        version: The release of the pipeline.
        params: The limits that it states.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "news-pipeline: source http",
            "version": version,
            "summary": "Push articles into the pipeline, and withdraw them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": {"/v1/articles": {"post": _post(params)}, "/v1/articles/{identity}": {"delete": _delete()}},
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
            "schemas": {
                **_raw_schemas(),
                "Accepted": _ACCEPTED,
                "Problem": _PROBLEM,
                "BatchAnswer": _batch_answer(params),
            },
        },
    }


def _raw_schemas() -> dict[str, Any]:
    """Return the schema of raw articles and its parts, which are components here, without its name."""
    text = json.dumps(load_schema("news.article.raw.v1")).replace(_PARTS, f"#/components/schemas/{_PART}")
    schema: dict[str, Any] = json.loads(text)
    parts = {f"{_PART}{name}": part for name, part in schema.pop("$defs", {}).items()}
    return {"RawArticle": {name: schema[name] for name in schema if name not in {"$id", "$schema"}}} | parts


def _batch_answer(params: HttpSourceParams) -> dict[str, Any]:
    line: dict[str, Any] = {"line": {"type": "integer", "minimum": 1, "description": "Line of the body, from 1."}}
    properties = line | {"problem": {"$ref": "#/components/schemas/Problem"}}
    refused = {"type": "object", "required": ["line", "problem"], "properties": properties}
    accepted = {"allOf": [{"$ref": "#/components/schemas/Accepted"}], "required": ["line"], "properties": line}
    return {
        "type": "object",
        "required": ["accepted", "refused", "items"],
        "properties": {
            "accepted": {"type": "integer"},
            "refused": {"type": "integer"},
            "items": {"type": "array", "maxItems": params.max_batch_items, "items": {"anyOf": [accepted, refused]}},
        },
    }


def _post(params: HttpSourceParams) -> dict[str, Any]:
    article = {"$ref": "#/components/schemas/RawArticle"}
    body = {"type": "string", "description": "The fields are in headers such as Article-Url."}
    return {
        "operationId": "sendArticles",
        "summary": "Send one article, or a batch with an article in each line.",
        "description": f"A body has at most {params.max_body_bytes} bytes, also after its content-encoding (gzip, "
        f"deflate, br, zstd) was undone; a batch at most {params.max_batch_items} articles. Fields are understood "
        "under other names too (docs/producers.md). `action: retract` withdraws an article.",
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "A repeated request with the same key and body gets the first answer.",
                "schema": {"type": "string", "minLength": 1, "maxLength": params.max_key_chars},
            },
            *(_article_header(name, field) for name, field in ARTICLE_HEADERS.items()),
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": article},
                "application/x-ndjson": {"schema": {"type": "string"}},
                "text/html": {"schema": body},
                "text/plain": {"schema": body},
            },
        },
        "responses": {
            "202": _answer("All replicas of the raw topic have every article.", ("Accepted", "BatchAnswer")),
            "207": _answer("Some articles of a batch were refused; each has an answer.", ("BatchAnswer",)),
            **_problems(),
        },
    }


def _article_header(name: str, field: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "description": f"`{field}` of a page or text, in UTF-8.",
        "schema": {"type": "string"},
    }


def _delete() -> dict[str, Any]:
    return {
        "operationId": "withdrawArticle",
        "summary": "Withdraw an article of a source of the key.",
        "description": "The retraction is accepted whether or not the article is known. It has an effect only if the "
        "article was published under the same source.",
        "parameters": [
            {
                "name": "identity",
                "in": "path",
                "required": True,
                "description": "The article's URL, percent-encoded as a whole, or its id at the source.",
                "schema": {"type": "string"},
            },
            {
                "name": "source",
                "in": "query",
                "description": "Another source of the key.",
                "schema": {"type": "string"},
            },
        ],
        "responses": {"202": _answer("All replicas have the retraction.", ("Accepted",)), **_problems()},
    }


def _answer(text: str, names: tuple[str, ...]) -> dict[str, Any]:
    schemas = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _problems() -> dict[str, Any]:
    """Return the answer of every status that a problem may have."""
    kinds: dict[int, list[str]] = {}
    for kind, status in STATUSES.items():
        kinds.setdefault(status, []).append(f"`{kind}`: {TITLES[kind]}.")
    found: dict[str, Any] = {}
    for status, lines in sorted(kinds.items()):
        found[str(status)] = {
            "description": " ".join(lines),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if status in {409, 429, 503}:
            found[str(status)]["headers"] = {
                "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
            }
    return found
