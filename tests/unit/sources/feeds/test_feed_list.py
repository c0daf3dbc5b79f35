"""Lists of feeds in YAML and OPML, and what is said of wrong ones."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.sources.feeds.feed_list import read_feed_list

OPML = """<?xml version="1.0"?><opml version="2.0"><head><title>Mine</title></head><body>
<outline text="News"><outline type="rss" text="Gazette" xmlUrl="https://gazette.example/feed" language="en"/>
<outline type="rss" text="Gazette again" xmlUrl="https://gazette.example/feed"/></outline>
<outline text="Herald" title="The Herald" xmlurl=" https://herald.example/atom "/></body></opml>"""


def written(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(text, "utf-8")
    return path


def test_opml_of_a_feed_reader(tmp_path: Path) -> None:
    found = read_feed_list(written(tmp_path, "mine.opml", OPML))
    assert [(feed.url, feed.name, feed.language) for feed in found] == [
        ("https://gazette.example/feed", "Gazette", "en"),
        ("https://herald.example/atom", "The Herald", None),
    ]


def test_yaml_with_and_without_details(tmp_path: Path) -> None:
    entry = "{url: https://herald.example/map, source: herald, pages: always}"
    text = f"feeds:\n  - https://www.gazette.example/feed\n  - {entry}\n"
    found = read_feed_list(written(tmp_path, "feeds.yaml", text))
    assert [(feed.name, feed.pages) for feed in found] == [("gazette.example", None), ("herald", "always")]
    assert read_feed_list(written(tmp_path, "bare.yaml", "- https://herald.example/map\n"))[0].name == "herald.example"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "feeds: [", "a.yaml"),
        ("a.yaml", "feeds:\n - {url: https://a.example/, pages: sometimes}", "pages"),
        ("a.yaml", "feeds:\n - {url: https://a.example/, intervall: 5}", "intervall"),
        ("a.yaml", "feeds:\n - https://a.example/\n - ftp://a.example/feed", "entry 2"),
        ("a.yaml", "feeds: []", "no feeds"),
        ("a.opml", "<opml><body>", "not OPML"),
        ("a.opml", '<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/hostname">]><opml/>', "not OPML"),
    ],
)
def test_a_wrong_list_is_refused_with_a_reason(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_feed_list(written(tmp_path, name, text))


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_feed_list(tmp_path / "feeds.yaml")
