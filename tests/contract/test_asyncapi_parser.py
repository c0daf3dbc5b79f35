"""AsyncAPI's own parser takes the description, references to the schemas included, and refuses broken ones."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.wire.catalogue import load_catalogue
from tests.harness.tools import REPOSITORY, node_packages, program, run

pytestmark = pytest.mark.timeout(400)  # the first run fetches the parser

CHECK = Path(__file__).with_name("asyncapi")
Document = dict[str, Any]
Parse = Callable[[Path], dict[str, Any]]


@pytest.fixture(scope="module")
def parse() -> Parse:
    """The parser's report on a file: version, number of channels, diagnostics."""
    node = program("node", "nodejs")
    env = {**os.environ, "NODE_PATH": str(node_packages(CHECK))}

    def parse(file: Path) -> dict[str, Any]:
        done = run([node, str(CHECK / "parse.cjs"), str(file)], env=env)
        assert done.returncode == 0, done.stderr
        (found,) = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    return parse


def test_the_published_description_is_valid(parse: Parse) -> None:
    found = parse(REPOSITORY / "schemas" / "asyncapi.yaml")
    # Generators of code do not read 3.1 yet, see docs/consumers.md; that it exists is all that the parser has to say.
    newer = "asyncapi-latest-version"
    assert [one["code"] for one in found.pop("diagnostics") if one["code"] != newer] == []
    assert found == {"version": "3.0.0", "channels": len(load_catalogue().topics)}


def _no_title(document: Document) -> None:
    del document["info"]["title"]


def _misspelt_action(document: Document) -> None:
    document["operations"]["publish.writes.news.articles.enriched.v1"]["action"] = "publish"


def _lost_channel(document: Document) -> None:
    del document["channels"]["news.articles.enriched.v1"]


def _lost_schema(document: Document) -> None:
    document["components"]["messages"]["news.verdict.v1"]["payload"] = {"$ref": "./news.verdict.v0.json"}


def _misspelt_binding(document: Document) -> None:
    document["channels"]["news.verdicts.v1"]["bindings"]["kafka"]["partitions"] = "one"


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (_no_title, "info"),
        (_misspelt_action, "operations/publish.writes.news.articles.enriched.v1/action"),
        (_lost_channel, "operations/publish.writes.news.articles.enriched.v1/channel/$ref"),
        (_lost_schema, "components/messages/news.verdict.v1/payload/$ref"),
        (_misspelt_binding, "channels/news.verdicts.v1/bindings/kafka/partitions"),
    ],
)
def test_a_broken_description_is_refused(
    damage: Callable[[Document], None], place: str, parse: Parse, tmp_path: Path
) -> None:
    schemas = tmp_path / "schemas"
    shutil.copytree(REPOSITORY / "schemas", schemas, ignore=shutil.ignore_patterns("examples"))
    file = schemas / "asyncapi.yaml"
    document = yaml.safe_load(file.read_text("utf-8"))
    damage(document)
    file.write_text(yaml.safe_dump(document), "utf-8")
    found = parse(file)
    assert place in {diagnostic["path"] for diagnostic in found["diagnostics"]}


def test_the_lock_names_no_registry_and_one_version() -> None:
    package = json.loads((CHECK / "package.json").read_text("utf-8"))
    lock = json.loads((CHECK / "package-lock.json").read_text("utf-8"))["packages"]
    for name, version in package["dependencies"].items():
        assert lock[f"node_modules/{name}"]["version"] == version
    assert [name for name, entry in lock.items() if name and "integrity" not in entry] == []
    assert [name for name, entry in lock.items() if "resolved" in entry] == []
