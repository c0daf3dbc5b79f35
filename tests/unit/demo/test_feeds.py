"""The site of the demo: its feed names its pages, and each page is there."""

from urllib.request import urlopen

from pipeline.demo.feeds import _site
from pipeline.sources.feeds.items import Parsed
from pipeline.sources.feeds.parse_params import ParseParams
from pipeline.sources.feeds.parsing import parse_body


def test_the_feed_of_the_site_leads_to_its_pages() -> None:
    with _site() as base:
        with urlopen(f"{base}/feed.xml", timeout=10) as answer:  # noqa: S310  # http, our own site
            parsed = parse_body(answer.read(), answer.headers["content-type"], answer.url, 1 << 20, ParseParams())
        assert isinstance(parsed, Parsed)
        assert len(parsed.items) == 2
        for item in parsed.items:
            assert item.url is not None
            assert item.url.startswith(base)
            with urlopen(item.url, timeout=10) as answer:  # noqa: S310  # the same
                assert f"<h1>{item.title}</h1>" in answer.read().decode()
