"""The declaration of the metrics of `story`."""

from pipeline.observability.buckets import CLUSTER_ARTICLES
from pipeline.observability.metric import Metric

__all__ = ["STORY_METRICS"]

STORY_METRICS: tuple[Metric, ...] = (
    Metric("story_articles", "gauge", "Articles in the window of the stories.", stages=("story",)),
    Metric("open_stories", "gauge", "Stories with several articles in the window.", stages=("story",)),
    Metric(
        "story_memberships_total",
        "counter",
        "Memberships by why they were made: `founded`, `similar`, `cluster`, `stayed`, `split` or `withdrawn`.",
        ("how",),
        stages=("story",),
    ),
    Metric(
        "story_changes_total",
        "counter",
        "States of stories that were published: `open`, `merged` or `empty`.",
        ("state",),
        stages=("story",),
    ),
    Metric(
        "stories_breaking_total",
        "counter",
        "States of stories that were published as breaking, by the rule: `new` or `surge`.",
        ("rule",),
        stages=("story",),
    ),
    Metric(
        "story_size_articles",
        "histogram",
        "Articles of a story after each change of it.",
        (),
        CLUSTER_ARTICLES,
        stages=("story",),
    ),
)
