import pytest

from pipeline.cli.tail import full_name
from pipeline.errors import ConfigError

NAMES = ["p.news.articles.raw.v1", "p.news.articles.enriched.v1", "p.news.dlq.ingest.v1", "p.news.dlq.dedupe.v1"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("p.news.articles.raw.v1", "p.news.articles.raw.v1"),
        ("news.articles.raw.v1", "p.news.articles.raw.v1"),
        ("enriched", "p.news.articles.enriched.v1"),
        ("dlq.ingest", "p.news.dlq.ingest.v1"),
        ("somebody.elses", "somebody.elses"),
    ],
)
def test_topics_have_short_names(given: str, name: str) -> None:
    assert full_name(given, NAMES) == name


def test_a_name_that_fits_several_topics_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"dlq matches several topics: .*ingest.*dedupe"):
        full_name("dlq", NAMES)
