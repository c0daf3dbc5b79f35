"""`news-pipeline produce`."""

import sys

from pipeline.cli.dash import undash
from pipeline.cli.progress import show_progress
from pipeline.ops.clients import catalogue_for, raw_producer, require_topic
from pipeline.ops.raw_producer import send_raw
from pipeline.settings import load_settings
from pipeline.sources.files import STDIN, find_files, read_files

__all__ = ["produce"]


def produce(*paths: str, topic: str | None = None) -> int:
    """Send files to the raw topic, keyed by article, and wait until the cluster has them.

    Every record is sent as it is, malformed ones too: what is wrong with them is for the pipeline to say. Exit 1 when
    a record is larger than the topic takes; all others are sent.

    Parameters
    ----------
    paths:
        Files (.jsonl, .jsonl.gz, .jsonl.zst, .json, .txt, .html), directories, or `-` for JSON lines on standard input,
        which is also read when no file is named.
    topic:
        Another topic than the raw topic of the environment and lane.
    """
    files = find_files([undash(path) for path in paths] or [STDIN])
    settings = load_settings()
    catalogue = catalogue_for(settings)
    spec = catalogue.topic(catalogue.stage("ingest").reads)
    target = topic or spec.name
    require_topic(settings.kafka, target)
    with raw_producer(settings.kafka, spec) as client, show_progress("sent") as show:
        # Kafka dates the records: the time that files state is for runs without a broker.
        produced = send_raw(
            client,
            target,
            read_files(files, now_ms=0),
            max_message_bytes=spec.max_message_bytes,
            progress=show,
        )
    print(f"{produced.sent} records to {target}, {produced.without_key} of them without a usable identity")
    if produced.too_large:
        print(f"news-pipeline: {produced.too_large} records are too large and were not sent", file=sys.stderr)
    return int(produced.too_large > 0)
