import json

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from msgspec.structs import replace

from pipeline.domain.article import Event
from pipeline.wire.cloudevents import headers
from pipeline.wire.codec import encode

SOURCE = "/news-pipeline/publish"


def as_dict(event: Event) -> dict[str, bytes]:
    found = headers(event, SOURCE)
    assert len({name for name, _ in found}) == len(found)
    return {name: value for name, value in found if value is not None}


def test_the_reference_library_reads_the_same_event(event: Event) -> None:
    message = KafkaMessage(headers=as_dict(event), key=event.article_id.encode(), value=encode(event.value))
    read = from_kafka_event(message)
    assert read.get_specversion() == "1.0"
    assert read.get_id() == event.id
    assert read.get_source() == SOURCE
    assert read.get_type() == event.type
    assert read.get_subject() == event.article_id
    time = read.get_time()
    assert time is not None
    assert time.isoformat(timespec="milliseconds").replace("+00:00", "Z") == event.time
    assert read.get_dataschema() == "https://news-pipeline.example/schemas/news.article.enriched.v1.json"
    assert read.get_datacontenttype() == "application/json"
    assert read.get_extension("language") == event.language
    assert read.get_extension("subjects") == ",".join(event.subjects)
    assert read.get_extension("publisher") == event.publisher
    assert read.get_extension("revision") == str(event.revision)
    assert read.get_data() == json.loads(encode(event.value))


def test_values_without_a_value_are_left_out(event: Event) -> None:
    bare = replace(event, language=None, subjects=(), publisher=None, traceparent=None)
    assert not {"ce_language", "ce_subjects", "ce_publisher", "traceparent"} & set(as_dict(bare))


def test_subjects_are_a_list_without_spaces(event: Event) -> None:
    two = replace(event, subjects=("medtop:11000000", "medtop:16000000"))
    assert as_dict(two)["ce_subjects"] == b"medtop:11000000,medtop:16000000"


def test_the_trace_is_passed_on_bare(event: Event) -> None:
    traced = as_dict(replace(event, traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
    assert traced["traceparent"] == b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert "ce_traceparent" not in traced


@pytest.mark.parametrize("kind", ["news.article.enriched.v1", "news.article.revised.v1", "news.article.retracted.v1"])
def test_all_events_of_enriched_articles_share_a_schema(event: Event, kind: str) -> None:
    typed = as_dict(replace(event, type=kind))
    assert typed["ce_dataschema"].endswith(b"/news.article.enriched.v1.json")
    assert typed["ce_type"] == kind.encode()


def test_a_duplicate_names_its_own_schema(duplicate: Event) -> None:
    assert as_dict(duplicate)["ce_dataschema"].endswith(b"/news.article.duplicate.v1.json")


def test_the_value_is_json_for_readers_that_ignore_the_headers(event: Event) -> None:
    assert json.loads(encode(event.value))["id"] == event.article_id
