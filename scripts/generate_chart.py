"""Write the parts of the Helm chart that are made from others: the catalogue of topics, the rules, and the settings.

Run it after changing a topic, a rule or a setting; `--check` only compares the files. Templates read the catalogue, so
that topics and access in Kubernetes follow from schemas/topics.yaml too.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pipeline.ops.access import Grant, grants
from pipeline.settings.variables import SECRETS_DIR, variables
from pipeline.wire.catalogue import Catalogue, load_catalogue
from scripts.generated_files import publish

__all__ = ["catalogue_file", "main", "values_schema"]

REPOSITORY = Path(__file__).resolve().parents[1]
CHART = REPOSITORY / "deploy" / "helm" / "news-pipeline"
RULES = REPOSITORY / "deploy" / "prometheus" / "rules"
# What the chart decides itself: where it mounts files, where services listen, and what differs between pods.
MOUNTED = frozenset(
    {
        "NEWS_ALERT__HOST",
        "NEWS_ALERT__PORT",
        "NEWS_ALERT__QUERIES",
        "NEWS_ALERT__STATE_DIR",
        "NEWS_DEDUP__SNAPSHOT_DIR",
        "NEWS_FEEDS__STATE_DIR",
        "NEWS_KAFKA__INSTANCE_ID",
        "NEWS_KAFKA__SSL_CA_FILE",
        "NEWS_KAFKA__SSL_CERT_FILE",
        "NEWS_KAFKA__SSL_KEY_FILE",
        "NEWS_MONITOR__STATE_FILE",
        "NEWS_TOPICS_OVERRIDE_FILE",
        "NEWS_SEARCH__HOST",
        "NEWS_SEARCH__INDEX_DIR",
        "NEWS_SEARCH__PORT",
        "NEWS_SOURCE_HTTP__HOST",
        "NEWS_SOURCE_HTTP__KEYS_FILE",
        "NEWS_SOURCE_HTTP__PORT",
        "NEWS_SOURCE_HTTP__STATE_DIR",
        "NEWS_STORIES__SNAPSHOT_DIR",
        "NEWS_WEBSUB__HOST",
        "NEWS_WEBSUB__PORT",
    }
)


def catalogue_file(catalogue: Catalogue) -> str:
    """Return the catalogue as JSON: sizes, stages, topics with their settings, and access of other principals."""
    others = grants(catalogue, (), lambda name: f"news-{name}", lambda name: name)
    content = {
        "replication_factor": catalogue.replication_factor,
        "min_in_sync_replicas": catalogue.min_in_sync_replicas,
        "article_partitions": catalogue.article_partitions,
        "stages": {
            name: {
                "reads": topics.reads,
                "emits": topics.emits,
                "also_reads": list(topics.also_reads),
                "own_writes": [*topics.also_writes, topics.dead_letters],
            }
            for name, topics in catalogue.stages.items()
        },
        "topics": [
            {"name": spec.name, "partitions": spec.partitions, "config": catalogue.configs(spec)}
            for spec in catalogue.topics
        ],
        "principals": {
            who: [_grant(grant) for grant in others if grant.principal == who]
            for who in sorted({grant.principal for grant in others})
        },
    }
    return json.dumps(content, indent=1) + "\n"


def _grant(grant: Grant) -> dict[str, Any]:
    prefixed = {"prefixed": True} if grant.prefixed else {}
    return {"resource": grant.resource, "operation": grant.operation, "name": grant.name, **prefixed}


def values_schema(text: str, catalogue: Catalogue) -> str:
    """Return the schema of the chart's values with the present settings and stages in place of those that it names."""
    schema = json.loads(text)
    known = {
        variable.name: {"type": "string", "description": variable.field.description}
        for variable in variables()
        if variable.name not in MOUNTED and "SecretStr" not in str(variable.field.annotation)
    }
    schema["definitions"]["settings"] = {
        "type": "object",
        "description": f"Settings as text. Passwords must be in a Secret, which becomes {SECRETS_DIR}.",
        "properties": dict(sorted(known.items())),
        "additionalProperties": False,
    }
    _, service = schema["properties"]["services"]["additionalProperties"]["oneOf"]
    service["properties"]["stages"]["items"]["enum"] = list(catalogue.stages)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _files() -> dict[Path, str]:
    schema, catalogue = CHART / "values.schema.json", load_catalogue()
    return {
        CHART / "files" / "catalogue.json": catalogue_file(catalogue),
        schema: values_schema(schema.read_text("utf-8"), catalogue),
        **{CHART / "files" / "rules" / path.name: path.read_text("utf-8") for path in sorted(RULES.glob("*.yml"))},
    }


def main(arguments: list[str]) -> int:
    """Write the files; with `--check`, return 1 if one differs or should not be there."""
    files = _files()
    stale = publish(files, arguments, "generate_chart")
    for path in (CHART / "files").rglob("*"):
        if path.is_file() and path not in files:
            if "--check" in arguments:
                print(f"{path.name} should not be there: run python -m scripts.generate_chart", file=sys.stderr)
                stale = 1
            else:
                path.unlink()
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
