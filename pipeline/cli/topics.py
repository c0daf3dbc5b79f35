"""`news-pipeline topics`."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter
from kafka.errors import KafkaError

from pipeline.assembly import newest_version
from pipeline.cli.arguments import UsageError, above_zero, read_lane
from pipeline.errors import TransientError
from pipeline.ops import access, lane_removal, provision
from pipeline.ops.clients import admin_client, catalogue_for
from pipeline.ops.dedup_control import begin_log
from pipeline.settings import Settings, load_settings
from pipeline.wire.catalogue import Catalogue

__all__ = ["app"]

app = App(name="topics", help="Plan, create and list the topics, and the access to them.", result_action="return_value")


def _above_zero(text: str) -> Any:
    return Parameter(help=text, validator=above_zero)


Json = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON object per line.")]
Partitions = Annotated[int | None, _above_zero("Partitions of the article topics; the catalogue's by default.")]
Replication = Annotated[int | None, _above_zero("Replicas of every partition; the catalogue's by default.")]


@app.command
def plan(*, partitions: Partitions = None, replication_factor: Replication = None, json_lines: Json = False) -> int:
    """Print what `apply` would change on the cluster; exit 1 when it would refuse.

    Values of topics are the catalogue's, or those of the file in NEWS_TOPICS_OVERRIDE_FILE.
    """
    settings = load_settings()
    catalogue = _sized(catalogue_for(settings), partitions, replication_factor)
    with admin_client(settings.kafka) as admin:
        changes = provision.plan(admin, catalogue)
    for change in changes:
        print(msgspec.json.encode(change).decode() if json_lines else change.describe())
    if not changes and not json_lines:
        print("nothing to change")
    return int(any(change.action == "refuse" for change in changes))


@app.command
def apply(*, partitions: Partitions = None, replication_factor: Replication = None) -> None:
    """Create missing topics and change settings that differ. No topic is deleted, and no partition is added.

    In a new signature log, the newest version of the fold is put in force.
    """
    settings = load_settings()
    catalogue = _sized(catalogue_for(settings), partitions, replication_factor)
    with admin_client(settings.kafka) as admin:
        applied = provision.apply(admin, catalogue)
    for change in applied.changes:
        print(change.describe())
    for note in applied.notes:
        print(f"note: {note}")
    if not applied.changes:
        print("nothing to change")
    newest = newest_version()
    if begin_log(settings.kafka, catalogue, newest):
        print(f"in force in the new signature log: fold {newest.fold_version}")


@app.command(name="list")
def list_topics(*, json_lines: Json = False) -> None:
    """List the topics of the catalogue, with their partitions on the cluster."""
    settings = load_settings()
    catalogue = catalogue_for(settings)
    with admin_client(settings.kafka) as admin:
        rows = _rows(admin, catalogue)
    for row in rows:
        if json_lines:
            print(json.dumps(row))
        else:
            there = f"{row['partitions']} partitions" if row["partitions"] else "missing"
            print(f"{row['name']:<40} {row['kind']:<12} {there:<15} {row['description']}")


@app.command
def delete(*, lane: str, yes: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Delete the topics and consumer groups of a lane whose workers have stopped, with everything in them.

    Parameters
    ----------
    lane:
        The lane; live topics cannot be deleted by this command.
    yes:
        Delete. Without it, what would be deleted is printed, and the exit code is 2.
    """
    settings = load_settings().model_copy(update={"lane": read_lane(lane)})
    with admin_client(settings.kafka) as admin:
        remains = lane_removal.find_remains(admin, settings, catalogue_for(settings))
        for kind, names in (("group", remains.groups), ("topic", remains.topics)):
            for name in names:
                print(f"{kind} {name}")
        if not (remains.topics or remains.groups):
            print(f"lane {lane} has no topics and groups")
        elif yes:
            lane_removal.delete_remains(admin, remains)
            print(f"deleted {len(remains.topics)} topics and {len(remains.groups)} groups")
        else:
            raise UsageError("nothing was deleted; confirm with --yes")


@app.command
def acls(
    *,
    service: Annotated[tuple[str, ...], Parameter(negative_iterable="")] = (),
    copied: Annotated[tuple[str, ...], Parameter(negative_iterable="")] = (),
    principals: str = "User:news-",
    apply: Annotated[bool, Parameter(negative="")] = False,
    json_lines: Json = False,
) -> None:
    """Print the least access that services and other users need, as commands of Kafka's own tool; or grant it.

    Parameters
    ----------
    service:
        The stages of one service, comma-separated; repeat it for every service. By default each stage is a service.
    copied:
        A topic of the cluster that `source kafka` copies; repeat it for every topic.
    principals:
        Prefix of all principals; the first stage of a service, `fetcher`, `operator`, `eraser`, `monitor`, `search` or
        `alert` follows.
    apply:
        Grant what is missing on the cluster; needs a principal that may alter the cluster.
    """
    settings = load_settings()
    catalogue = catalogue_for(settings)
    services = [_stages(text, catalogue) for text in service] or [(stage,) for stage in catalogue.stages]
    wanted = access.grants(catalogue, services, settings.group, lambda name: f"{principals}{name}", copied)
    if apply:
        _allow(settings, wanted)
    elif json_lines:
        for grant in wanted:
            print(msgspec.json.encode(grant).decode())
    else:
        for line in access.commands(wanted):
            print(line)


def _allow(settings: Settings, wanted: Sequence[access.Grant]) -> None:
    with admin_client(settings.kafka) as admin:
        granted, besides = access.allow(admin, wanted)
    for line in access.commands(granted):
        print(line.removeprefix("kafka-acls.sh --add "))
    for text in besides:
        print(f"note: also on the cluster: {text}")
    if not granted:
        print("nothing to grant")


def _stages(text: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Parse the stages of a service: consecutive stages of the chain, or one stage outside it."""
    names = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in names if name not in catalogue.stages]
    if unknown:
        raise UsageError(f"no stage {unknown[0]}; stages are {', '.join(catalogue.stages)}")
    joined = all(catalogue.stage(before).emits == catalogue.stage(after).reads for before, after in pairwise(names))
    if not joined:
        raise UsageError(f"not consecutive stages: {text}")
    return names


def _rows(admin: Any, catalogue: Catalogue) -> list[dict[str, Any]]:
    names = [spec.name for spec in catalogue.topics]
    try:
        there = sorted(set(names) & set(admin.list_topics()))
        found = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(there)} if there else {}
    except KafkaError as error:
        raise TransientError(f"the cluster did not list its topics: {error}") from error
    return [
        {"name": spec.name, "kind": spec.kind, "partitions": found.get(spec.name), "description": spec.description}
        for spec in catalogue.topics
    ]


def _sized(catalogue: Catalogue, partitions: int | None, replication_factor: int | None) -> Catalogue:
    return catalogue.sized(article_partitions=partitions, replication_factor=replication_factor)
