"""`news-pipeline source kafka`."""

from importlib.util import find_spec
from typing import Annotated

from cyclopts import Parameter

from pipeline.errors import ConfigError
from pipeline.settings import load_settings
from pipeline.sources.shapes.names import Shape

__all__ = ["kafka"]


def kafka(*, topic: Annotated[str, Parameter(name="--from")], shape: Shape = "raw") -> int:
    """Copy another topic of the same cluster into the raw topic until SIGTERM or Ctrl-C, each record exactly once.

    What was copied and the offsets that were read are one transaction. The first time, it begins at the start of the
    topic. A record that is not of the shape is copied as it is, and becomes a dead letter. One process is enough; a
    second one takes over. It needs the extra `sources`.

    Parameters
    ----------
    topic:
        Name of the topic on the cluster.
    shape:
        Shape of its values. `raw` is all that `ingest` understands itself, ninjs and the answers of common APIs among
        it. A message of NewsML-G2 may have several articles.
    """
    if find_spec("defusedxml") is None:
        raise ConfigError("the extra `sources` is not installed: pip install 'news-pipeline[sources]'")
    from pipeline.sources.service import Source, run_source  # noqa: PLC0415
    from pipeline.sources.topic.copying import TopicCopying  # noqa: PLC0415  # needs the extra

    return run_source(load_settings(), Source(name="kafka", work=TopicCopying(topic, shape)))
