from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.wire import catalogue as catalogue_module
from pipeline.wire import schemas as schemas_module
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.schemas import load_schema, schema_dir, schema_id, schema_names

GOOD = """
replication_factor: 1
min_in_sync_replicas: 1
article_partitions: 1
stages:
  ingest: {reads: a.v1, emits: b.v1, dead_letters: c.v1}
topics:
"""
TOPIC = (
    "  - {{name: {name}, kind: article, description: d, owner: o, key: article_id, "
    "timestamp_type: CreateTime, max_message_bytes: 1, retention_hours: 1}}\n"
)


def install(monkeypatch: pytest.MonkeyPatch, package: Path, module: Path) -> None:
    """Pretend that the package lives in one directory and this module in another."""
    monkeypatch.setattr(schemas_module, "files", lambda _name: package)
    monkeypatch.setattr(schemas_module, "__file__", str(module / "pipeline" / "wire" / "schemas.py"))


def test_a_checkout_reads_its_own_schemas() -> None:
    assert schema_dir() == Path(__file__).parents[3] / "schemas"


def test_an_installed_package_reads_what_came_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    (site / "pipeline" / "_schemas").mkdir(parents=True)
    (site / "pipeline" / "_schemas" / "x.v1.json").write_text('{"title": "packaged"}')
    # A directory of that name beside the package is somebody else's, whatever is in it.
    (site / "schemas").mkdir()
    (site / "schemas" / "topics.yaml").write_text("topics: []")
    install(monkeypatch, site / "pipeline", site)
    assert schema_names() == ("x.v1",)
    assert load_schema("x.v1") == {"title": "packaged"}


def test_an_installation_without_schemas_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, tmp_path / "pipeline", tmp_path)
    with pytest.raises(ConfigError, match="missing from this installation"):
        schema_dir()


def test_an_id_is_a_name_below_the_base() -> None:
    assert schema_id("news.verdict.v1") == "https://news-pipeline.example/schemas/news.verdict.v1.json"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + TOPIC.format(name="a.v1") * 2, "listed twice"),
        (GOOD + TOPIC.format(name="a.v1").replace(", retention_hours: 1", ""), "need `compacted` or `retention_hours`"),
        (GOOD + TOPIC.format(name="a.v1"), r"stage ingest names unknown topics: b\.v1, c\.v1"),
        (GOOD + TOPIC.format(name="a.v1").replace("owner", "ownership"), "topics.yaml: .*ownership"),
        ("topics: [", "topics.yaml: "),
    ],
)
def test_a_catalogue_that_does_not_hold_together_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    (tmp_path / "topics.yaml").write_text(text)
    monkeypatch.setattr(catalogue_module, "schema_dir", lambda: tmp_path)
    catalogue_module._read.cache_clear()
    try:
        with pytest.raises(ConfigError, match=message):
            load_catalogue()
    finally:
        catalogue_module._read.cache_clear()
