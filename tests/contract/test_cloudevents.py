"""Every event that the samples give is a CloudEvent to the reference library, of every type that there is."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

import orjson
import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from msgspec.structs import replace

from pipeline.assembly import build_chain, build_fold
from pipeline.clusters.fold import Clusters
from pipeline.clusters.view import cluster_event
from pipeline.domain.article import Article, EventType
from pipeline.domain.decisions import decided
from pipeline.domain.outcome import Drop, Emit
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES
from pipeline.domain.verdict import Verdict
from pipeline.sources.files import find_files, read_files
from pipeline.stories.fold import Stories
from pipeline.stories.sketching import sketch_of
from pipeline.stories.view import changes_of
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.codec import decode_reported
from pipeline.wire.output import Encoder, OutputRecord
from pipeline.wire.schemas import load_schema
from pipeline.wire.validation import closed, open_validator
from tests.harness.subjects import FAST_SUBJECTS
from tests.harness.tools import REPOSITORY

TRACE = ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
CATALOGUE = load_catalogue()


def _records() -> Iterator[Record]:
    for record in read_files(find_files([str(REPOSITORY / "samples" / "articles")]), now_ms=1_764_000_000_000):
        yield replace(record, headers=(*record.headers, TRACE)) if record.offset % 2 else record


def _of_articles() -> Iterator[OutputRecord]:
    """What all stages make of the samples, as records for Kafka."""
    chain, fold, encoder = (
        build_chain(STAGES, subjects=FAST_SUBJECTS),
        build_fold(near_window_secs=259_200, exact_window_secs=604_800),
        Encoder(CATALOGUE),
    )
    assert chain.before is not None
    assert chain.judging is not None
    articles: list[Article] = [
        result.outcome.value for result in chain.before.process(list(_records())) if isinstance(result.outcome, Emit)
    ]
    verdicts = [fold.apply(signature, signature.ingested_at_ms) for signature in chain.judging.sign(articles)]
    known = [verdict for verdict in verdicts if verdict is not None]
    yield from _of_clusters(articles, known, encoder)
    published: list[bytes] = []
    for result in chain.judge(articles, known):
        outcome = result.outcome
        assert isinstance(outcome, Emit | Drop)
        record = (
            encoder.drop(result.stage, outcome)
            if isinstance(outcome, Drop)
            else encoder.emit(result.stage, outcome.value)
        )
        assert isinstance(record, OutputRecord)
        yield record
        if record.topic == CATALOGUE.stage("publish").emits:
            published.append(record.value or b"")
    yield from _of_stories(published, encoder)


def _of_stories(published: list[bytes], encoder: Encoder) -> Iterator[OutputRecord]:
    stories = Stories()
    sketches = [sketch_of(decode_reported(value)) for value in published]
    folded = [stories.apply(sketch, at, sketch.ingested_at_ms) for at, sketch in enumerate(sketches)]
    memberships, events = changes_of(stories, folded, pipeline_version="1")
    made = [encoder.membership(membership, "", "1") for membership in memberships]
    for record in (*made, *(encoder.story(event) for event in events)):
        assert isinstance(record, OutputRecord)
        yield record


def _of_clusters(articles: list[Article], verdicts: list[Verdict], encoder: Encoder) -> Iterator[OutputRecord]:
    clusters = Clusters()
    for position, (article, verdict) in enumerate(zip(articles, verdicts, strict=True)):
        draft = clusters.draft()
        found = decided(article, verdict)
        for change in draft.apply(found, position, found.ingested_at_ms):
            record = encoder.cluster(cluster_event(change, clusters.params, lane="", pipeline_version="1"))
            assert isinstance(record, OutputRecord)
            yield record
        clusters.adopt(draft)


@pytest.fixture(scope="module")
def emitted() -> Mapping[str, Sequence[OutputRecord]]:
    """Records by the type of their event."""
    found = defaultdict(list)
    for record in _of_articles():
        found[_headers(record)["ce_type"].decode()].append(record)
    return found


def _headers(record: OutputRecord) -> dict[str, bytes]:
    found = {name: value for name, value in record.headers if value is not None}
    assert len(found) == len(record.headers)
    return found


def _read(record: OutputRecord, headers: dict[str, bytes] | None = None) -> BaseCloudEvent:
    assert record.value is not None
    return from_kafka_event(KafkaMessage(headers or _headers(record), record.key, record.value))


each_type = pytest.mark.parametrize("kind", get_args(EventType))


@each_type
def test_the_reference_library_reads_every_event(kind: str, emitted: Mapping[str, Sequence[OutputRecord]]) -> None:
    assert emitted[kind], "the samples give none"
    for record in emitted[kind]:
        read = _read(record)
        assert (read.get_specversion(), read.get_type()) == ("1.0", kind)
        assert read.get_datacontenttype() == "application/json"
        assert record.value is not None
        assert read.get_data() == orjson.loads(record.value)
        assert record.key is not None
        assert read.get_subject() == record.key.decode()


@each_type
def test_the_reference_library_writes_the_same_headers(
    kind: str, emitted: Mapping[str, Sequence[OutputRecord]]
) -> None:
    for record in emitted[kind]:
        headers = _headers(record)
        headers.pop("traceparent", None)  # bare, so it is no attribute
        written = to_binary(_read(record), JSONFormat()).headers
        assert written.pop("ce_partitionkey") == record.key  # what the library makes of a key
        written["ce_time"] = _milliseconds(written["ce_time"])
        assert written == headers


def _milliseconds(time: bytes) -> bytes:
    """Shorten a time of the library, which writes microseconds, and none for a whole second."""
    whole, _, fraction = time.removesuffix(b"Z").partition(b".")
    return whole + b"." + fraction[:3].ljust(3, b"0") + b"Z"


@each_type
def test_headers_and_value_obey_the_schemas_that_they_name(
    kind: str, emitted: Mapping[str, Sequence[OutputRecord]]
) -> None:
    headers_validator = open_validator(closed(load_schema("news.event-headers.v1")))
    for record in emitted[kind]:
        text = {name: value.decode() for name, value in _headers(record).items()}
        assert [error.message for error in headers_validator.iter_errors(text)] == []
        schema = text["ce_dataschema"].rpartition("/")[2].removesuffix(".json")
        assert CATALOGUE.topic(record.topic).schema == schema
        assert record.value is not None
        validator = open_validator(closed(load_schema(schema)))
        assert [error.message for error in validator.iter_errors(orjson.loads(record.value))] == []


def test_source_and_id_name_one_event(emitted: Mapping[str, Sequence[OutputRecord]]) -> None:
    events = [record for records in emitted.values() for record in records]
    names = {(_headers(record)["ce_source"], _headers(record)["ce_id"]) for record in events}
    assert len(names) == len(events) > 60
    assert any("traceparent" in _headers(record) for record in events)


@pytest.mark.parametrize(
    "damage",
    [{"ce_id": b""}, {"ce_specversion": b"0.9"}, {"ce_Bad-Name": b"x"}, {"ce_subject": b""}],
    ids=lambda damage: next(iter(damage)),
)
def test_the_reference_library_refuses_what_is_no_event(
    damage: dict[str, bytes], emitted: Mapping[str, Sequence[OutputRecord]]
) -> None:
    record = emitted["news.article.enriched.v1"][0]
    with pytest.raises((CloudEventValidationError, ValueError)):
        _read(record, _headers(record) | damage)
