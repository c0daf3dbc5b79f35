"""Limits of stages and of topics fit each other: after dedupe nothing is too large."""

from pipeline.domain.stage import STAGES
from pipeline.kafka_io.producers import BATCH_BYTES
from pipeline.text.params import IngestParams
from pipeline.wire.catalogue import load_catalogue

ROOM_BYTES = 64 * 1024  # for what later stages add: verdict, language, subjects, headers, versions


def test_what_ingest_lets_pass_fits_every_topic() -> None:
    catalogue = load_catalogue()
    largest = IngestParams().max_article_bytes
    assert largest + ROOM_BYTES <= catalogue.topic("news.articles.normalized.v1").max_message_bytes
    for name in ("unique", "localized", "classified", "enriched", "duplicates"):
        assert largest + 2 * ROOM_BYTES <= catalogue.topic(f"news.articles.{name}.v1").max_message_bytes


def test_ingest_reads_what_the_raw_topic_takes() -> None:
    catalogue = load_catalogue()
    limit = catalogue.topic(catalogue.stage(STAGES[0]).reads).max_message_bytes
    assert IngestParams().max_raw_bytes <= limit


def test_every_topic_that_stages_write_takes_a_whole_batch_even_if_it_cannot_be_compressed() -> None:
    catalogue = load_catalogue()
    for stage in catalogue.stages:
        for topic in catalogue.stage(stage).all_writes:
            assert catalogue.topic(topic).max_message_bytes > 1.01 * BATCH_BYTES, topic
