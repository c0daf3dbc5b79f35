# /// script
# requires-python = ">=3.11"
# dependencies = ["cyclonedx-python-lib==11.7.0", "jsonschema-rs>=0.33"]
# ///
"""Validate a list of components against the schema of CycloneDX: `uv run --script scripts/check_sbom.py FILE`.

The schema comes from CycloneDX's own library. Its own validator is not used: it resolves every URL, which takes
minutes.
"""

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft7Validator

_SCHEMAS = files("cyclonedx.schema") / "_res"


def main(path: Path) -> int:
    """Print the number of components and every error; return 1 when there is an error or no component."""
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
