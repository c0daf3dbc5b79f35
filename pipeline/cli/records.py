"""Kafka records as lines for people and as JSON for programs."""

import base64
import json
from typing import Any

import orjson

from pipeline.domain.times import from_epoch_ms

__all__ = ["describe", "to_json"]

_MAX_LINE_CHARS = 120


def describe(record: Any) -> str:
    """Return the place, time, type and most distinctive fields of a record on one line."""
    headers = _headers(record)
    place = f"{record.partition}:{record.offset}"
    when = from_epoch_ms(record.timestamp) if record.timestamp >= 0 else "-"
    kind = headers.get("ce_type") or headers.get("news.dlq.reason") or ""
    line = " ".join(part for part in (place, when, kind, *_telling(headers, record.value)) if part)
    return line.encode("utf-8", "replace").decode("utf-8")


def to_json(record: Any) -> str:
    """Return a record as one line of JSON. A value that is not UTF-8 is written as `value_base64`."""
    plain = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": from_epoch_ms(record.timestamp) if record.timestamp >= 0 else None,
        "key": _text(record.key),
        "headers": _headers(record),
        **_value(record.value),
    }
    try:
        return orjson.dumps(plain).decode("utf-8")
    except TypeError:  # orjson refuses lone surrogates and integers over 64 bits, which raw records may contain
        return json.dumps(plain)


def _headers(record: Any) -> dict[str, str]:
    return {name: _text(value) or "" for name, value in record.headers or ()}


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "backslashreplace")


def _value(value: bytes | None) -> dict[str, Any]:
    if value is None:
        return {"value": None}
    try:
        return {"value": json.loads(value)}
    except (ValueError, RecursionError):
        pass
    try:
        return {"value": value.decode("utf-8")}
    except UnicodeDecodeError:
        return {"value_base64": base64.b64encode(value).decode("ascii")}


def _telling(headers: dict[str, str], value: bytes | None) -> list[str]:
    """Return the fields that distinguish records of a topic: language, verdict, subjects, headline; else the size.

    Subjects below the top level are left out. A question mark follows subjects that are not reliable.
    """
    found = _value(value).get("value")
    if not isinstance(found, dict):
        return [headers.get("__connect.errors.exception.message", ""), f"{len(value or b'')} bytes"]
    # Events and records of the verdict log contain a verdict; changes of clusters contain their cause.
    about = next((found[name] for name in ("dedup", "verdict", "cause") if isinstance(found.get(name), dict)), found)
    verdict = about.get("kind")
    subjects = found.get("subjects")
    subjects = subjects if isinstance(subjects, list) else []
    names = ",".join(_named(subject) for subject in subjects if isinstance(subject, dict) and "parent" not in subject)
    title = next((found[name] for name in ("headline", "title", "cluster_id", "id") if found.get(name)), None)
    title = title or about.get("article_id") or ""
    parts = [headers.get("ce_language", ""), str(verdict or ""), f"[{names}]" if names else "", str(title)]
    return [part[:_MAX_LINE_CHARS].replace("\n", " ") for part in parts if part]


def _named(subject: dict[str, Any]) -> str:
    return f"{subject.get('name')}{'?' if subject.get('reliable') is False else ''}"
