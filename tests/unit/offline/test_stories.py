"""The stories of a run: one line for each article that stands, in the story that it ends in."""

from pathlib import Path
from typing import Any

import orjson

from pipeline.offline.stories import StoryLines
from pipeline.stories.params import StoryParams

EXAMPLES = Path("schemas/examples/valid/news.article.enriched.v1")


class _Sink:
    def __init__(self) -> None:
        self.lines: list[Any] = []

    def write(self, key: str, line: bytes) -> None:
        assert key == "stories"
        self.lines.append(orjson.loads(line))


def _event(article: str, headline: str, action: str = "add", revision: int = 1) -> bytes:
    (example, *_) = sorted(EXAMPLES.glob("*.json"))
    value = orjson.loads(example.read_bytes())
    changed = {"id": article, "headline": headline, "body": "", "action": action, "revision": revision}
    return orjson.dumps(value | changed | {"dedup": {**value["dedup"], "cluster_id": f"c-{article}"}})


def test_one_line_an_article_and_none_for_what_was_withdrawn() -> None:
    sink = _Sink()
    lines = StoryLines(sink, StoryParams(), "run")
    lines.add(_event("a", "Valdoria earthquake destroys the market hall of Port Merane"))
    lines.add(_event("b", "Market hall of Port Merane destroyed in Valdoria earthquake"))
    lines.add(_event("c", "Norbury Rovers win the Harbour Cup"))
    lines.add(_event("d", "Frost in Upper Tanby"))
    lines.add(_event("d", "", "delete", 2))
    assert sink.lines == []
    lines.close()
    assert [line["article_id"] for line in sink.lines] == ["a", "b", "c"]
    stories = [line["story_id"] for line in sink.lines]
    assert stories[0] == stories[1] != stories[2]
