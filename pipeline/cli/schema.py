"""`news-pipeline schema`."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from pipeline.ops.released_schemas import schemas_at
from pipeline.wire import compatibility
from pipeline.wire.schemas import load_schema, schema_names

__all__ = ["app"]

app = App(name="schema", help="Compare the published schemas with earlier releases.", result_action="return_value")


@app.command
def check(
    *,
    against: Annotated[list[str], Parameter(negative_iterable="")],
    repository: Path = Path(),
) -> int:
    """Compare the schemas with those of earlier releases; exit 1 when a change is incompatible.

    Consumers that use the old schemas must be able to read new events, raw records that were valid must stay valid, and
    workers of both releases must be able to read each other's records during an upgrade.

    Parameters
    ----------
    against:
        A tag, branch or commit to compare with; repeat it for every release still in use.
    repository:
        The checkout whose history contains it.
    """
    current = {name: load_schema(name) for name in schema_names()}
    broken = 0
    for ref in against:
        findings = compatibility.check(schemas_at(ref, repository), current)
        for finding in findings:
            print(f"{ref}: {finding.describe()}")
        if not findings:
            print(f"{ref}: compatible")
        broken += len(findings)
    return int(broken > 0)
