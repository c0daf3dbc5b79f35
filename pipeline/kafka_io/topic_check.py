"""The check that a worker makes before it starts: its topics exist and their partition counts fit together."""

from collections.abc import Collection, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError

from pipeline.domain.stage import StageName
from pipeline.errors import ConfigError, TransientError
from pipeline.wire.catalogue import Catalogue

__all__ = ["check_topics", "required_partitions"]


async def required_partitions(
    arguments: dict[str, Any], names: Collection[str], optional: Collection[str] = ()
) -> Mapping[str, int]:
    """Return the number of partitions of topics, by name.

    Args:
        arguments: Keyword arguments of the admin client: servers, security, time-outs.
        names: Names on the cluster.
        optional: Further names, of topics that may be missing.

    Raises:
        ConfigError: A topic of `names` is missing.
        TransientError: The cluster cannot be reached, or refuses the connection.
    """
    admin = AIOKafkaAdminClient(**arguments)
    try:
        await admin.start()
        # Describe all topics: describing one by name creates it on brokers with auto.create.topics.enable.
        described = await admin.describe_topics()
    except KafkaConnectionError as error:
        servers = ",".join(arguments["bootstrap_servers"])
        raise TransientError(f"no answer from {servers} (NEWS_KAFKA__BOOTSTRAP_SERVERS)") from error
    finally:
        await admin.close()
    counts = {topic["topic"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}
    missing = sorted(name for name in names if not counts.get(name))
    if missing:
        raise ConfigError(
            f"{len(missing)} topics are missing, the first is {missing[0]}: run `news-pipeline topics apply`"
        )
    return {name: counts[name] for name in (*names, *(name for name in optional if counts.get(name)))}


async def check_topics(arguments: dict[str, Any], catalogue: Catalogue, stages: tuple[StageName, ...]) -> Catalogue:
    """Check the topics of a worker, and return the catalogue with the partition count found on the cluster.

    Args:
        arguments: Keyword arguments of the admin client: servers, security, time-outs.
        catalogue: Topics as declared.
        stages: The worker's stages; only topics they read or write are checked.

    Raises:
        ConfigError: A topic is missing, a log has more than one partition, or topics of articles differ in their
            partition count.
        TransientError: The cluster cannot be reached, or refuses the connection.
    """
    names = sorted(
        {name for stage in stages for name in (*catalogue.stage(stage).all_reads, *catalogue.stage(stage).all_writes)}
    )
    counts = await required_partitions(arguments, names)
    articles = {name: counts[name] for name in names if catalogue.topic(name).partitions is None}
    if len(set(articles.values())) != 1:
        listed = ", ".join(f"{name} has {count}" for name, count in articles.items())
        raise ConfigError(f"topics of articles must have the same number of partitions, but {listed}")
    for name in names:
        spec = catalogue.topic(name)
        if spec.kind == "log" and counts[name] != 1:
            raise ConfigError(f"{name} has {counts[name]} partitions; a log needs exactly one for a total order")
    return catalogue.sized(article_partitions=next(iter(articles.values())))
