"""`news-pipeline config`."""

import json
from typing import Annotated

from cyclopts import App, Parameter

from pipeline.cli.arguments import UsageError
from pipeline.errors import ConfigError
from pipeline.exit_codes import ExitCode
from pipeline.settings import Settings, load_settings, missing_files

__all__ = ["app"]

app = App(name="config", help="Show or check the settings.", result_action="return_value")


@app.command
def show() -> None:
    """Print the effective settings as JSON; secrets are printed as asterisks."""
    print(json.dumps(load_settings().redacted(), indent=2))


@app.command
def check(
    *stages: str,
    connect: Annotated[bool, Parameter(negative="")] = False,
    json_lines: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Check the settings, and the files and directories that they name; exit 78 when something is wrong.

    Parameters
    ----------
    stages:
        With `--connect`: the stages that will use these settings; all by default.
    connect:
        Also ask the cluster: whether it can be reached, what it can do, the rights of this principal, the topics and
        their settings. Nothing is written.
    json_lines:
        Print what was found on the cluster as one JSON object per line instead of a table.
    """
    settings = load_settings()
    complaints = missing_files(settings)
    if complaints:
        raise ConfigError("\n".join(complaints))
    if not connect:
        print("the settings are valid")
        return ExitCode.DRAINED
    return _ask(settings, stages, json_lines=json_lines)


def _ask(settings: Settings, stages: tuple[str, ...], *, json_lines: bool) -> int:
    from pipeline.ops.clients import admin_client, catalogue_for  # noqa: PLC0415  `config show` needs no client
    from pipeline.ops.cluster_check import check_cluster  # noqa: PLC0415

    catalogue = catalogue_for(settings)
    unknown = [stage for stage in stages if stage not in catalogue.stages]
    if unknown:
        raise UsageError(f"no stage {unknown[0]}; stages are {', '.join(catalogue.stages)}")
    with admin_client(settings.kafka) as admin:
        findings = list(check_cluster(admin, settings, catalogue, stages or tuple(catalogue.stages)))
    width = max(len(one.subject) for one in findings)
    for one in findings:
        if json_lines:
            print(json.dumps({"subject": one.subject, "verdict": one.verdict, "found": one.found}))
        else:
            print(f"{one.verdict:<6} {one.subject:<{width}}  {one.found}".rstrip())
    return ExitCode.CONFIG if any(one.verdict == "wrong" for one in findings) else ExitCode.DRAINED
