"""`news-pipeline produce`."""

import sys

from pipeline.cli.arguments import undash
from pipeline.cli.progress import show_progress
from pipeline.ops.clients import catalogue_for, raw_producer, require_topics
from pipeline.ops.raw_producer import send_raw
from pipeline.settings import load_settings
from pipeline.sources.files import STDIN, find_files, read_files

__all__ = ["produce"]


def produce(*paths: str, topic: str | None = None) -> int:
    """Send files to the raw topic, keyed by article, and wait until the cluster has acknowledged all records.

    Records are sent unchanged and unchecked: `ingest` rejects malformed ones. A record that is too large for the topic
    is not sent; the others are, and the exit code is 1.

    Parameters
    ----------
    paths:
        Files (.jsonl, .jsonl.gz, .jsonl.zst, .json, .txt, .html), directories, or `-` for JSON lines on standard input.
        Standard input is the default.
    topic:
        Topic to send to; the raw topic of the environment and lane by default.
    """
    files = find_files([undash(path) for path in paths] or [STDIN])
    settings = load_settings()
    catalogue = catalogue_for(settings)
    spec = catalogue.topic(catalogue.stage("ingest").reads)
    target = topic or spec.name
    require_topics(settings.kafka, target)
    with raw_producer(settings.kafka, spec) as client, show_progress("sent") as show:
        # Kafka timestamps the records; times of files are used only by `run`, which has no broker.
        produced = send_raw(
            client,
            target,
            read_files(files, now_ms=0),
            max_message_bytes=spec.max_message_bytes,
            progress=show,
        )
    print(f"{produced.sent} records sent to {target}, {produced.without_key} of them without a usable identity")
    if produced.too_large:
        print(f"news-pipeline: {produced.too_large} records are too large and were not sent", file=sys.stderr)
    return int(produced.too_large > 0)
