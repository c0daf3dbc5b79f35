"""Types that generators make from the schemas compile, and read every example and the events of the samples.

docs/consumers.md has the matrix of languages and generators.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from pipeline.cli.app import run_command
from pipeline.wire.schemas import load_schema, schema_names
from tests.brokers.apache import kafka_jars, why_unavailable
from tests.harness.tools import REPOSITORY, missing, node_packages, program, run, uv_tool

pytestmark = pytest.mark.timeout(600)  # the first run fetches the generators

GENERATORS: Final = Path(__file__).with_name("generators")
SCHEMAS: Final = REPOSITORY / "schemas"
PYTHON_GENERATOR: Final = "datamodel-code-generator==0.35.0"
TYPES: Final = {
    "EnrichedArticle": ("news.article.enriched.v1", "output"),
    "HeldBackArticle": ("news.article.duplicate.v1", "duplicates"),
    "Cluster": ("news.cluster.changed.v1", "clusters"),
}
Files = Mapping[str, list[Path]]


@pytest.fixture(scope="module")
def packages() -> Path:
    """The packages of the generators that run in Node.js."""
    return node_packages(GENERATORS)


@pytest.fixture(scope="module")
def generated(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Types for Java, Go, Python and TypeScript, each in a folder of its own."""
    out = tmp_path_factory.mktemp("generated")
    _checked(
        [program("node", "nodejs"), str(GENERATORS / "generate.cjs"), str(SCHEMAS), str(out)],
        env={**os.environ, "NODE_PATH": str(packages)},
    )
    return out


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Files with one value each: all valid examples, and what comes of the samples."""
    folder = tmp_path_factory.mktemp("events")
    options = [word for _, name in TYPES.values() for word in (f"--{name}", str(folder / f"{name}.jsonl"))]
    assert run_command(["run", "--input", str(REPOSITORY / "samples" / "articles"), *options]) == 0
    found: dict[str, list[Path]] = {}
    for kind, (schema, name) in TYPES.items():
        found[kind] = sorted((SCHEMAS / "examples" / "valid" / schema).glob("*.json"))
        assert found[kind]
        for number, line in enumerate((folder / f"{name}.jsonl").read_bytes().splitlines()):
            file = folder / f"{name}-{number}.json"
            file.write_bytes(line)
            found[kind].append(file)
    return found


def _checked(command: list[str], **arguments: Any) -> str:
    done = run(command, seconds=300, **arguments)
    assert done.returncode == 0, f"{' '.join(command)[:300]}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def _ids(files: Sequence[Path], times: int = 1) -> list[str]:
    """Return the cluster of each value, as the readers print it, once for each generator."""
    values = [json.loads(file.read_bytes()) for file in files]
    return [
        cluster for value in values for cluster in times * [value.get("cluster_id") or value["dedup"]["cluster_id"]]
    ]


def _titled(node: Any) -> Iterator[tuple[str, str]]:
    """Yield the title and the shape of every definition within a schema."""
    if isinstance(node, list):
        for part in node:
            yield from _titled(part)
    elif isinstance(node, dict):
        if isinstance(node.get("title"), str) and "type" in node:
            yield node["title"], json.dumps(_shape(node), sort_keys=True)
        for name, part in node.items():
            if name != "examples":
                yield from _titled(part)


def _shape(node: Any) -> Any:
    if isinstance(node, list):
        return [_shape(part) for part in node]
    if isinstance(node, dict):
        return {name: _shape(part) for name, part in node.items() if name != "description"}
    return node


def test_definitions_have_titles_which_name_one_shape_each() -> None:
    # Generators make one type of all definitions with one title.
    shapes: dict[str, set[str]] = {}
    for name in schema_names():
        schema = load_schema(name)
        assert all("title" in definition for definition in (schema, *schema.get("$defs", {}).values())), name
        assert "false" not in [json.dumps(part) for part in _subschemas(schema)], name
        for title, shape in _titled(schema):
            shapes.setdefault(title, set()).add(shape)
    assert [title for title, found in shapes.items() if len(found) > 1] == []


def _subschemas(node: Any) -> Iterator[Any]:
    """Yield what stands where a schema may stand: values of `properties` and `$defs`, and `items`."""
    if isinstance(node, list):
        for part in node:
            yield from _subschemas(part)
    elif isinstance(node, dict):
        for name, part in node.items():
            if name in ("properties", "$defs", "patternProperties") and isinstance(part, dict):
                yield from part.values()
            elif name == "items":
                yield part
            if name != "examples":
                yield from _subschemas(part)


def test_no_type_is_empty_or_a_constant(generated: Path) -> None:
    # What generators made of AsyncAPI 3.1, and of schemas that are `false`.
    article = (generated / "java" / "modelina" / "EnrichedArticle.java").read_text("utf-8")
    assert "private String headline;" in article
    for file in sorted((generated / "java" / "modelina").glob("*.java")):
        assert '= "replace"' not in file.read_text("utf-8"), file.name
    for kind in TYPES:
        assert (generated / "java" / "modelina" / f"{kind}.java").stat().st_size > 1000


def test_java_reads_all_events(generated: Path, events: Files, tmp_path: Path) -> None:
    javac, java = program("javac", "openjdk-17-jdk-headless"), program("java", "openjdk-17-jdk-headless")
    if (why := why_unavailable()) is not None:
        missing(why)  # Kafka's jars contain Jackson
    # Not the modules, which need more: one of the generated mappers loads all that it finds.
    parts = ("annotations", "core", "databind")
    jars = os.pathsep.join(str(jar) for part in parts for jar in kafka_jars().glob(f"jackson-{part}-[0-9]*.jar"))
    sources = [str(file) for file in (generated / "java").rglob("*.java")]
    _checked([javac, "-cp", jars, "-d", str(tmp_path), str(GENERATORS / "ReadEvents.java"), *sources])
    for kind, files in events.items():
        read = _checked([java, "-cp", os.pathsep.join((jars, str(tmp_path))), "ReadEvents", kind, *map(str, files)])
        assert read.split() == _ids(files, times=2)


def test_go_reads_all_events(generated: Path, events: Files, tmp_path: Path) -> None:
    go = program("go", "golang-go")
    module = tmp_path / "module"
    shutil.copytree(generated / "go", module)
    shutil.copy(GENERATORS / "main.go", module)
    (module / "go.mod").write_text("module generated\n\ngo 1.18\n", "utf-8")
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    _checked([go, "build", "-o", str(tmp_path / "read"), "."], cwd=module, env=env)
    for kind, files in events.items():
        assert _checked([str(tmp_path / "read"), kind, *map(str, files)]).split() == _ids(files, times=2)


def test_typescript_reads_all_events(generated: Path, packages: Path, events: Files) -> None:
    folder, node = generated / "typescript", program("node", "nodejs")
    for name in ("read.ts", "node.d.ts"):
        shutil.copy(GENERATORS / name, folder)
    for kind, files in events.items():
        # The compiler compares each value with the type: a literal may have no field that the type lacks.
        literals = [f"const v{n}: {kind} = {file.read_text('utf-8')};" for n, file in enumerate(files)]
        head = f'import type {{ {kind} }} from "./json-schema-to-typescript/{kind}";'
        (folder / f"check-{kind}.ts").write_text("\n".join([head, *literals]), "utf-8")
    checks = [f"check-{kind}.ts" for kind in events]
    compiler = [node, str(packages / "typescript" / "bin" / "tsc"), "--strict", "--target", "es2022"]
    _checked(
        [*compiler, "--module", "commonjs", "--outDir", "js", "node.d.ts", "read.ts", *checks],
        cwd=folder,
    )
    for kind, files in events.items():
        read = _checked([node, str(folder / "js" / "read.js"), kind, *map(str, files)])
        assert read.split() == _ids(files)


PYTHON = """
import json, pathlib, sys
import msgspec
sys.path[:0] = sys.argv[2:4]
from made import {kind} as Made
from types_of_quicktype import {function}
for file in map(pathlib.Path, sys.argv[4:]):
    text = file.read_bytes()
    first, second = msgspec.json.decode(text, type=Made), {function}(json.loads(text))
    for value in (first, second):
        print(value.cluster_id if hasattr(value, "cluster_id") else value.dedup.cluster_id)
"""


@pytest.mark.parametrize("kind", TYPES)
def test_python_reads_all_events(kind: str, generated: Path, events: Files, tmp_path: Path) -> None:
    schema = SCHEMAS / f"{TYPES[kind][0]}.json"
    options = ["--input-file-type", "jsonschema", "--output-model-type", "msgspec.Struct", "--use-title-as-name"]
    tool = uv_tool(PYTHON_GENERATOR, "datamodel-codegen")
    _checked([*tool, "--input", str(schema), "--output", str(tmp_path / "made.py"), *options])
    shutil.copy(generated / "python" / "quicktype" / kind.lower() / "types.py", tmp_path / "types_of_quicktype.py")
    function = {
        "EnrichedArticle": "enriched_article_from_dict",
        "HeldBackArticle": "held_back_article_from_dict",
        "Cluster": "cluster_from_dict",
    }[kind]
    program_text = PYTHON.format(kind=kind, function=function)
    read = _checked([sys.executable, "-c", program_text, kind, str(tmp_path), str(tmp_path), *map(str, events[kind])])
    assert read.split() == _ids(events[kind], times=2)


def test_the_lock_names_no_registry_and_one_version() -> None:
    package = json.loads((GENERATORS / "package.json").read_text("utf-8"))
    lock = json.loads((GENERATORS / "package-lock.json").read_text("utf-8"))["packages"]
    for name, version in package["dependencies"].items():
        assert lock[f"node_modules/{name}"]["version"] == version
    assert [name for name, entry in lock.items() if name and "integrity" not in entry] == []
    assert [name for name, entry in lock.items() if "resolved" in entry] == []
