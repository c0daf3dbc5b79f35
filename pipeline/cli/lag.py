"""`news-pipeline lag`."""

from typing import Annotated, get_args

import orjson
from cyclopts import Parameter

from pipeline.domain.stage import StageName
from pipeline.ops.clients import catalogue_for, require_topics
from pipeline.ops.lag import LagProbe, total_lag
from pipeline.settings import load_settings

__all__ = ["lag"]


def lag(*stages: StageName, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Print how many records the consumer groups of services have not processed yet, by partition.

    The brokers are asked, so the answer does not depend on running workers. Records of open transactions do not count:
    nobody can consume them yet.

    Parameters
    ----------
    stages:
        First stages of the services to look at. By default all groups that have ever committed an offset.
    json:
        Print one JSON object per partition.
    """
    settings = load_settings()
    catalogue = catalogue_for(settings)
    sources = {stage: catalogue.stage(stage).reads for stage in stages or get_args(StageName)}
    require_topics(settings.kafka, *sources.values())
    for stage, topic in sources.items():
        group = settings.group(stage)
        with LagProbe(settings.kafka, group, [topic]) as probe:
            lags = probe.measure()
        if not stages and all(found.committed is None for found in lags.values()):
            continue
        if not json:
            print(f"{group}: {total_lag(lags)} records behind on {topic}")
        for (_, partition), found in sorted(lags.items()):
            if json:
                values = {
                    "group": group,
                    "topic": topic,
                    "partition": partition,
                    "start": found.start,
                    "committed": found.committed,
                    "end": found.end,
                    "lag": found.records,
                }
                print(orjson.dumps(values).decode())
            else:
                committed = "none" if found.committed is None else found.committed
                print(f"  partition {partition}: committed {committed}, end {found.end}, lag {found.records}")
    return 0
