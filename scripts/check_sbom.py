# /// script
# requires-python = ">=3.11"
# dependencies = ["cyclonedx-python-lib==11.7.0", "jsonschema-rs>=0.33"]
# ///
"""Check a list of components by the schema of CycloneDX: `uv run --script scripts/check_sbom.py FILE`.

The schema comes with CycloneDX's own library; its own check of every address takes minutes.
"""

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft7Validator

_SCHEMAS = files("cyclonedx.schema") / "_res"


def main(path: Path) -> int:
    """Say how many components there are, or what is wrong."""
    document = json.loads(path.read_text("utf-8"))
    schema = _schema(f"bom-{document['specVersion']}.SNAPSHOT.schema.json")
    validator = Draft7Validator(schema, retriever=lambda uri: _schema(uri.rsplit("/", 1)[-1]), validate_formats=True)
    errors = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(document)
    ]
    for error in errors:
        print(f"{path}: {error}", file=sys.stderr)
    print(f"{path}: CycloneDX {document['specVersion']}, {len(document['components'])} components")
    return int(bool(errors) or not document["components"])


def _schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_SCHEMAS / name).read_text("utf-8"))
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
