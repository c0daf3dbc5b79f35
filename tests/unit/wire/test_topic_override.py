"""Values of topics from a file, and what may not be in it."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.wire.catalogue import REPLAYS, SIGNATURES, load_catalogue
from pipeline.wire.topic_override import TopicOverride, read_override

WINDOW_HOURS = 168.0
ENRICHED, LETTERS = "news.articles.enriched.v1", "news.dlq.ingest.v1"


def override(tmp_path: Path, text: str) -> TopicOverride:
    path = tmp_path / "topics.override.yaml"
    path.write_text(text)
    return read_override(path)


def test_values_replace_those_of_the_catalogue_with_any_prefix(tmp_path: Path) -> None:
    values = override(
        tmp_path,
        f"""
        article_partitions: 24
        replication_factor: 2
        topics:
          {ENRICHED}: {{retention_hours: 48}}
          {LETTERS}: {{partitions: 3}}
        """,
    )
    for prefix in ("", "eu.", "eu.again."):
        catalogue = load_catalogue(prefix)
        changed = values.applied_to(catalogue, WINDOW_HOURS)
        assert changed.configs(changed.topic(ENRICHED))["retention.ms"] == str(48 * 3_600_000)
        assert changed.partitions(changed.topic(ENRICHED)) == 24
        assert changed.partitions(changed.topic(LETTERS)) == 3
        assert (changed.replication_factor, changed.min_in_sync_replicas) == (2, 2)
        untouched = [spec for spec in changed.topics if spec.name not in {prefix + ENRICHED, prefix + LETTERS}]
        assert untouched == [spec for spec in catalogue.topics if spec in untouched]


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert override(tmp_path, "# nothing yet\n").applied_to(load_catalogue(), WINDOW_HOURS) == load_catalogue()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("topics: {news.articles.enrihced.v1: {retention_hours: 1}}", "there is no topic news.articles.enrihced.v1"),
        (f"topics: {{{ENRICHED}: {{partitions: 3}}}}", "`article_partitions` is for all of them"),
        (f"topics: {{{SIGNATURES}: {{partitions: 3}}}}", "partitions: it is fixed"),
        (f"topics: {{{SIGNATURES}: {{retention_hours: 168}}}}", "workers read back 168 hours"),
        (f"topics: {{{LETTERS}: {{retention_hours: 8760}}}}", f"{REPLAYS}: retention_hours 744 is less than the 8760"),
        ("{replication_factor: 1, min_in_sync_replicas: 2}", "exceeds replication_factor"),
    ],
)
def test_values_that_do_not_fit_are_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        override(tmp_path, text).applied_to(load_catalogue("eu."), WINDOW_HOURS)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "text", ["partitions: 3", "article_partitions: 0", f"topics: {{{ENRICHED}: {{max_message_bytes: 1}}}}", "[", "- 1"]
)
def test_a_file_of_another_form_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"topics\.override\.yaml"):
        override(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yaml: No such file"):
        read_override(tmp_path / "gone.yaml")
