"""A poll after the other: what is sent, what is not sent again, when a feed is asked again, and when it is given up."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pipeline.fetching.errors import FetchFailed
from pipeline.sources.feeds.requests import Failed
from tests.harness.feed_world import DAY, FEED, OTHER, RHYTHM, World, item, titles
from tests.harness.news_site import rss


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    found = World(tmp_path / "feeds.db")
    found.take(FEED, OTHER)
    yield found
    found.store.close()


async def test_new_items_changed_items_and_nothing_else(world: World) -> None:
    world.put(FEED, rss(item(1), item(2)))
    await world.poll()
    assert titles(world.sent()) == ["Station 1", "Station 2"]
    world.put(FEED, rss(item(2, "The board voted again."), item(3)))  # the first has vanished
    await world.poll()
    assert [(one["title"], one["text"]) for one in world.sent()] == [
        ("Station 2", "The board voted again."),
        ("Station 3", "The board voted."),
    ]
    world.put(FEED, rss(item(1), item(2), item(3)))  # back, and changed back
    await world.poll()
    assert titles(world.sent()) == ["Station 2"]


async def test_guids_and_links_that_change_make_nothing_new(world: World) -> None:
    world.put(FEED, rss(item(1, guid="a")))
    await world.poll()
    world.sent()
    world.put(FEED, rss(item(1, guid="b", link="https://gazette.example/1?utm_source=feed&amp;utm_medium=x")))
    await world.poll()
    assert world.sent() == []


async def test_two_feeds_with_one_article_send_it_once_and_do_not_take_turns(world: World) -> None:
    world.put(FEED, rss(item(1)))
    world.put(OTHER, rss(item(1)))
    await world.poll(FEED)
    await world.poll(OTHER)
    assert titles(world.sent()) == ["Station 1"]
    world.put(OTHER, rss(item(1, "Worded otherwise.")))
    for _ in range(3):
        await world.poll(OTHER)
        world.put(FEED, rss(item(1), f"<ttl>{world.now % 50:.0f}</ttl>"))
        await world.poll(FEED)
        world.now += 60
    assert [one["text"] for one in world.sent()] == ["Worded otherwise."]


async def test_conditions_are_sent_and_an_unchanged_body_is_not_read(world: World) -> None:
    world.put(FEED, rss(item(1)), etag='"v1"', last_modified="Wed, 04 Mar 2026 06:10:00 GMT")
    await world.poll()
    world.put(FEED, b"", status=304)
    await world.poll()
    asked = world.asked[-1][1]
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == ('"v1"', "Wed, 04 Mar 2026 06:10:00 GMT")
    assert world.state("failures") == 0
    await world.poll()
    assert world.asked[-1][1]["If-None-Match"] == '"v1"'


async def test_a_permanent_redirect_is_remembered_only_when_a_feed_is_there(world: World) -> None:
    moved = "https://news.gazette.example/feed"
    world.put(FEED, "<!DOCTYPE html><html><body>Parked</body></html>", at=moved)
    await world.poll()
    assert world.state("asked_url") == FEED
    world.put(FEED, rss(item(1)), at=moved)
    await world.poll()
    assert world.state("asked_url") == moved
    world.put(moved, rss(item(1), item(2)))
    await world.poll()
    assert world.asked[-1][0] == moved
    assert titles(world.sent()) == ["Station 1", "Station 2"]


async def test_a_page_in_place_of_the_feed_is_a_failure_and_loses_nothing(world: World) -> None:
    world.put(FEED, rss(item(1)))
    await world.poll()
    world.put(FEED, "<!DOCTYPE html><html><head><title>Oops</title></head></html>")
    ((due, _),) = await world.poll()
    assert (world.state("error"), world.state("failures")) == ("html_page", 1)
    assert due == world.now + RHYTHM.failure
    world.put(FEED, rss(item(1), item(2)))
    await world.poll()
    assert (world.state("error"), world.state("failing_since")) == (None, None)
    assert titles(world.sent()) == ["Station 1", "Station 2"]


async def test_a_home_page_leads_to_its_feeds(world: World) -> None:
    home = "https://gazette.example/"
    world.take(home)
    world.put(home, '<html><head><link rel="alternate" type="application/rss+xml" href="/feed2"></head></html>')
    due = await world.poll(home)
    assert len(due) == 2
    world.put("https://gazette.example/feed2", rss(item(7)))
    await world.poll("https://gazette.example/feed2")
    assert [(one["title"], one["source"]) for one in world.sent()] == [("Station 7", "gazette")]


@pytest.mark.parametrize(
    ("status", "after_days", "retired"), [(410, 0, "gone"), (404, 1, None), (404, 20, "not_found")]
)
async def test_gone_feeds_are_retired(world: World, status: int, after_days: int, retired: str | None) -> None:
    world.put(FEED, rss(), status=status)
    await world.poll()
    world.now += after_days * DAY
    due = await world.poll()
    assert world.state("retired") == retired
    assert bool(due) == (retired is None)
    assert (retired is None) == (world.state("id") in {number for _, number in world.store.due()})


async def test_retry_after_and_failures_decide_when_to_come_again(world: World) -> None:
    world.put(FEED, b"", status=503, retry_after="7200")
    ((due, _),) = await world.poll()
    assert due == world.now + 7200
    world.answers[FEED] = FetchFailed("timeout", "no answer in time")
    ((due, _),) = await world.poll()
    assert due == world.now + 2 * RHYTHM.failure
    assert world.state("error") == "timeout"


async def test_items_that_cannot_become_articles_are_counted_and_not_sent(world: World) -> None:
    world.take(FEED, pages="never")
    world.put(FEED, rss("<item><title>Only a title</title><link>https://gazette.example/9</link></item>", "<item/>"))
    await world.poll()
    assert world.sent() == []
    refused = world.metrics.registry.get_sample_value("news_feed_items_total", {"result": "refused"})
    assert refused == 2


PAGE = "<html><body><article><p>The whole story of the station.</p></article></body></html>"


async def test_pages_come_with_what_the_item_says(world: World) -> None:
    world.take(FEED, pages="always")
    world.put(FEED, rss(item(1)))
    world.put("https://gazette.example/1", PAGE, content_type="text/html; charset=utf-8")
    await world.poll()
    assert world.sent() == []
    await world.fetch_pages()
    (found,) = world.sent()
    assert (found["html"], found["title"], found["subtitle"]) == (PAGE, "Station 1", "The board voted.")


@pytest.mark.parametrize(
    ("status", "kind", "at"),
    [(404, "text/html", None), (200, "application/pdf", None), (200, "text/html", "https://gazette.example/")],
)
async def test_an_item_whose_page_is_not_there_is_sent_with_its_own_text(
    world: World, status: int, kind: str, at: str | None
) -> None:
    world.take(FEED, pages="always")
    world.put(FEED, rss(item(1)))
    world.put("https://gazette.example/1", PAGE, status=status, at=at, content_type=kind)
    await world.poll()
    await world.fetch_pages()
    (found,) = world.sent()
    assert (found["text"], found.get("html")) == ("The board voted.", None)


async def test_a_page_that_fails_is_tried_again_later(world: World) -> None:
    world.take(FEED, pages="always")
    world.put(FEED, rss(item(1)))
    world.put("https://gazette.example/1", PAGE, status=502)
    await world.poll()
    await world.fetch_pages()
    assert world.sent() == []
    world.put("https://gazette.example/1", PAGE, content_type="text/html")
    world.now += 120
    await world.fetch_pages()
    assert [one["html"] for one in world.sent()] == [PAGE]


async def test_a_page_that_is_gone_retracts_an_article_that_was_sent_and_no_other(world: World) -> None:
    world.take(FEED, pages="always")
    world.put(FEED, rss(item(1)))
    world.put("https://gazette.example/1", PAGE, status=410)
    await world.poll()
    await world.fetch_pages()
    assert [one.get("action") for one in world.sent()] == [None]
    world.put(FEED, rss(item(1, "Changed.")))
    await world.poll()
    await world.fetch_pages()
    (found,) = world.sent()
    assert (found["action"], found["url"], found["source"]) == ("retract", "https://gazette.example/1", "gazette")


def _sitemap(*entries: tuple[int, str | None]) -> str:
    urls = "".join(
        f"<url><loc>https://gazette.example/{n}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>"
        for n, day in entries
    )
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'


async def test_a_sitemap_gives_recent_entries_and_later_ones_without_a_date(world: World) -> None:
    for number in range(5):
        world.put(f"https://gazette.example/{number}", PAGE, content_type="text/html")
    world.put(FEED, _sitemap((0, "2026-03-04"), (1, "2020-01-01"), (2, None)))
    await world.poll()
    await world.fetch_pages()
    assert [one["url"] for one in world.sent()] == ["https://gazette.example/0"]
    world.put(FEED, _sitemap((0, "2026-03-04"), (2, None), (3, None)))
    await world.poll()
    await world.fetch_pages()
    assert [one["url"] for one in world.sent()] == ["https://gazette.example/3"]


async def test_a_feed_that_nobody_foresaw_ends_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put(FEED, rss(item(1)))
    monkeypatch.setattr(world.poller._reader, "read", lambda *_: 1 / 0)
    assert len(await world.poll()) == 1
    assert world.state("error") == "unexpected"


async def test_a_listed_feed_stays_when_the_index_that_names_it_leaves(world: World) -> None:
    index = "https://gazette.example/index.xml"
    world.take(index)
    world.put(index, f"<sitemapindex><sitemap><loc>{FEED}</loc></sitemap></sitemapindex>")
    await world.poll(index)
    world.take(FEED)
    assert [number for _, number in world.store.due()] == [world.state("id")]


async def test_a_start_asks_a_retired_feed_once_more(world: World) -> None:
    world.put(FEED, rss(), status=410)
    await world.poll()
    world.take(FEED, OTHER)
    assert len(world.store.due()) == 2
    assert await world.poll() == []


async def test_what_left_the_list_is_polled_no_more_and_what_comes_back_sends_nothing_again(world: World) -> None:
    world.put(FEED, rss(item(1)))
    await world.poll()
    world.sent()
    world.take(OTHER)
    assert len(world.store.due()) == 1
    world.take(FEED, OTHER)
    world.put(FEED, rss(item(1)), etag='"other"')
    await world.poll()
    assert world.sent() == []


async def test_a_redirect_that_robots_txt_forbids_is_counted_and_said(world: World) -> None:
    world.answers[FEED] = Failed("robots_redirect")
    assert len(await world.poll()) == 1
    labels = {"source": "feeds", "kind": "robots_redirect"}
    assert world.metrics.registry.get_sample_value("news_source_errors_total", labels) == 1
    assert world.state("error") == "robots_redirect"
