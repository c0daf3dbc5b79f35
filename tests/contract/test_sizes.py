"""Limits of stages and of topics fit each other: after dedupe nothing is too large."""

import pytest

from pipeline.domain.stage import STAGES
from pipeline.domain.subject import Subject, TextVector
from pipeline.kafka_io.producers import BATCH_BYTES
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.taxonomy import SECOND_LEVEL, SUBJECT_NAMES, TAXONOMY_VERSION
from pipeline.text.params import IngestParams
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.codec import encode
from pipeline.wire.schemas import load_schema

ROOM_BYTES = 64 * 1024  # for what later stages add: verdict, language, subjects, headers, versions


def test_what_ingest_lets_pass_fits_every_topic() -> None:
    catalogue = load_catalogue()
    largest = IngestParams().max_article_bytes
    assert largest + ROOM_BYTES <= catalogue.topic("news.articles.normalized.v1").max_message_bytes
    for name in ("judged", "localized", "classified", "enriched", "duplicates"):
        assert largest + 2 * ROOM_BYTES <= catalogue.topic(f"news.articles.{name}.v1").max_message_bytes


def test_what_classify_adds_fits_its_room() -> None:
    """Five subjects with the longest names, and a vector of 384 dimensions, are a tenth of the room."""
    longest = max([*SUBJECT_NAMES.values(), *(child.name for child in SECOND_LEVEL.values())], key=len)
    subject = Subject(
        code="medtop:20000002",
        parent="medtop:01000000",
        name=longest,
        confidence=0.1234,
        reliable=False,
        method="encoder",
        scheme_version=TAXONOMY_VERSION,
        local_name=longest * 3,
    )
    vector = TextVector(model="m" * 40, dimensions=384, values=bytes(384))
    most = SubjectParams().max_subjects + SubjectParams().max_children
    assert len(encode(subject)) * most + len(encode(vector)) < ROOM_BYTES / 10


@pytest.mark.parametrize("name", ["news.article.internal.v1", "news.article.enriched.v1", "news.article.duplicate.v1"])
def test_the_schemas_have_room_for_the_subjects_that_classify_adds(name: str) -> None:
    params = SubjectParams()
    assert load_schema(name)["properties"]["subjects"]["maxItems"] == params.max_subjects + params.max_children


def test_ingest_reads_what_the_raw_topic_takes() -> None:
    catalogue = load_catalogue()
    limit = catalogue.topic(catalogue.stage(STAGES[0]).reads).max_message_bytes
    assert IngestParams().max_raw_bytes <= limit


def test_every_topic_that_stages_write_takes_a_whole_batch_even_if_it_cannot_be_compressed() -> None:
    catalogue = load_catalogue()
    for stage in catalogue.stages:
        for topic in catalogue.stage(stage).all_writes:
            assert catalogue.topic(topic).max_message_bytes > 1.01 * BATCH_BYTES, topic
