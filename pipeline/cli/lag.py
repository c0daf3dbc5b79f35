"""`news-pipeline lag`."""

from contextlib import closing
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

    The brokers are asked, so the answer does not depend on running workers. Records behind an open transaction count,
    and are named: they wait for its end.

    Parameters
    ----------
    stages:
        First stages of the services to look at. By default all groups that have ever committed an offset.
    json:
        Print one JSON object per partition.
    """
    settings = load_settings()
    catalogue = catalogue_for(settings)
    sources = [(settings.group(stage), catalogue.stage(stage).reads) for stage in stages or get_args(StageName)]
    require_topics(settings.kafka, *(topic for _, topic in sources))
    with closing(LagProbe(settings.kafka)) as probe:
        measured = [(group, topic, probe.of(group, [topic])) for group, topic in sources]
    for group, topic, lags in measured:
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
                    "stable": found.stable,
                    "end": found.end,
                    "lag": found.records,
                    "undecided": found.undecided,
                }
                print(orjson.dumps(values).decode())
            else:
                committed = "none" if found.committed is None else found.committed
                held = f", {found.undecided} of it behind an open transaction" if found.undecided else ""
                print(f"  partition {partition}: committed {committed}, end {found.end}, lag {found.records}{held}")
    return 0
