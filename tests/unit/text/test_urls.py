"""Canonical URLs, comparison keys, registrable domains, ids."""

import pytest

from pipeline.text.identity import article_id
from pipeline.text.urls import canonical_url, is_front_page, registrable_domain, url_key, wraps_another


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://News.Example.ORG:443/a?utm_source=x&b=2&a=1&fbclid=9#top", "https://news.example.org/a?a=1&b=2"),
        ("http://example.org:80", "http://example.org/"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
        ("https://user:pw@example.org/a", "https://example.org/a"),
        ("https://m.example.org/a", "https://example.org/a"),
        ("https://en.m.example.org/a", "https://en.example.org/a"),
        ("https://m.com/a", "https://m.com/a"),
        ("https://amp.example.co.uk/a", "https://example.co.uk/a"),
        ("https://example.org/amp/a", "https://example.org/a"),
        ("https://example.org/a/amp/", "https://example.org/a/"),
        ("https://example.org/a.amp.html", "https://example.org/a.html"),
        ("https://example.org/a?amp=1", "https://example.org/a"),
        ("https://example.org/a?output=amp&cmp=x&traffic_source=y", "https://example.org/a"),
        ("https://example.org/a;jsessionid=1F?b=2", "https://example.org/a?b=2"),
        ("https://www.google.com/amp/s/www.example.org/news/1", "https://www.example.org/news/1"),
        ("https://www.google.co.uk/amp/news.example.org/1", "http://news.example.org/1"),
        ("https://www-example-org.cdn.ampproject.org/c/s/www.example.org/1/amp", "https://www.example.org/1"),
        ("https://news.google.com/amp/stories", "https://news.google.com/stories"),
        ("https://example.org/amplifier", "https://example.org/amplifier"),
        ("https://example.org/%7euser/%c3%a9/%zz", "https://example.org/~user/%C3%A9/%25zz"),
        ("https://example.org/é d", "https://example.org/%C3%A9%20d"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://example.org/a/../b/./c", "https://example.org/b/c"),
        ("https://example.org./a", "https://example.org/a"),
        ("http://[2001:DB8::1]/a", "http://[2001:db8::1]/a"),
        (" https://example.org/a ", "https://example.org/a"),
    ],
)
def test_canonical(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/a",
        "ftp://example.org/a",
        "https://",
        "https:///a",
        "https://a b.example/",
        "https://exa<mple.org/",
        "https://-.example/",
        "https://a..b/",
        "https://example.org:x/",
        "mailto:a@b.example",
        "https://[::1",
        "//x.example/a",
    ],
)
def test_not_a_url(url: str) -> None:
    assert canonical_url(url) is None


def test_key_folds_what_servers_treat_alike() -> None:
    spellings = [
        "http://www.example.org/a/",
        "https://example.org/a",
        "https://example.org/a/index.html",
        "https://m.example.org/a?utm_medium=b",
    ]
    assert {url_key(canonical_url(url) or "") for url in spellings} == {"example.org/a"}
    assert url_key("https://example.org/a?id=1") != url_key("https://example.org/a?id=2")


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("https://news.bbc.co.uk/a", "bbc.co.uk"),
        ("a.b.example.com", "example.com"),
        ("a.blog.github.io", "blog.github.io"),
        ("github.io", "github.io"),
        ("co.uk", None),
        ("http://127.0.0.1/a", None),
        ("localhost", None),
        ("news.nahr.example", "nahr.example"),
        ("", None),
    ],
)
def test_registrable(host: str, domain: str | None) -> None:
    assert registrable_domain(host) == domain


def test_front_pages() -> None:
    for url in (
        "https://www.example.org/",
        "https://example.org/en",
        "https://example.org/en-us/",
        "https://example.org/index.php",
    ):
        assert is_front_page(url)
    assert not is_front_page("https://example.org/a-story")


def test_ids_are_frozen() -> None:
    # A changed id makes every known article a new one: this value must never change.
    assert article_id(canonical="https://example.org/a") == "be217564a50be2e08a74542cce4a4a31"
    assert article_id(given_id="7", source="desk") == "af6ba1ff9b380c57e348e24effe80094"
    assert article_id(source="desk", content=("Dam holds", "", "It  held.")) == "d9ab1f9342391d466051e57b70021845"
    assert article_id() is None
    assert article_id(source="desk", content=("", " ")) is None
    assert article_id(content=("Dam holds",)) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/news?ref=rss",
        "https://a.example/news?PHPSESSID=0123456789abcdef",
        "https://a.example/news;phpsessid=0123",
        "https://a.example/news?emc=edit_nn_20260314&nl=briefing&te=1",
        "https://a.example/news?bsft_eid=1&elqTrackId=2&newsletter=morning",
        "https://a.example/news#comments",
        "https://a.example/news#:~:text=weir",
        "https://a.example/news#!",
    ],
)
def test_sessions_newsletters_and_places_are_no_part_of_an_address(url: str) -> None:
    assert canonical_url(url) == "https://a.example/news"


@pytest.mark.parametrize("sign", ["#!/news/", "#/news/", "#!news-", "index.html#/news/"])
def test_a_route_of_the_browser_is_part_of_the_address(sign: str) -> None:
    first, second = (canonical_url(f"https://a.example/{sign}{number}") for number in (5, 6))
    assert first is not None
    assert second is not None
    assert url_key(first) != url_key(second)
    assert not is_front_page(first)
    assert canonical_url(first) == first


@pytest.mark.parametrize(
    ("url", "is_front"),
    [
        ("https://a.example/?p=42", False),
        ("https://a.example/de/?page_id=7", False),
        ("https://a.example/index.php?option=com_content&view=article&id=5", False),
        ("https://a.example/?page=2", True),
        ("https://a.example/?lang=de", True),
        ("https://a.example/?utm_campaign=5", True),
        ("https://a.example/?s=2026", True),
    ],
)
def test_a_plain_permalink_is_no_front_page(url: str, is_front: bool) -> None:
    canonical = canonical_url(url)
    assert canonical is not None
    assert is_front_page(canonical) is is_front


VICTIM = "https://www.example.com/news/dam-holds"


@pytest.mark.parametrize(
    "url",
    [
        # Look-alikes of the hosts of AMP caches and viewers
        "https://google.evil.tk/amp/s/www.example.com/news/dam-holds",
        "https://www.google.evil.tk/amp/s/www.example.com/news/dam-holds",
        "https://google.ev.il/amp/s/www.example.com/news/dam-holds",
        "https://google.com.evil.tk/amp/s/www.example.com/news/dam-holds",
        "https://google.zip/amp/s/www.example.com/news/dam-holds",
        "https://google-com.tk/amp/s/www.example.com/news/dam-holds",
        "https://evil.google.com.tk/amp/s/www.example.com/news/dam-holds",
        "https://xn--ggle-55da.com/amp/s/www.example.com/news/dam-holds",
        "https://gооgle.com/amp/s/www.example.com/news/dam-holds",
        "https://cdn.ampproject.org.evil.tk/c/s/www.example.com/news/dam-holds",
        "https://www-example-com.cdn.ampproject.evil/c/s/www.example.com/news/dam-holds",
        "https://cdn-ampproject.org/c/s/www.example.com/news/dam-holds",
        "https://evilcdn.ampproject.org/c/s/www.example.com/news/dam-holds",
        # A cache's own host, in a place that shows somebody else's pages
        "https://evil-tk.cdn.ampproject.org/c/s/www.example.com/news/dam-holds",
        "https://www-example-com-evil-tk.cdn.ampproject.org/c/s/www.example.com/news/dam-holds",
        # Credentials, ports and other parts of an address that look like its host
        "https://www.google.com@evil.tk/amp/s/www.example.com/news/dam-holds",
        "https://www.example.com@evil.tk/news/dam-holds",
        "https://www.example.com:443@evil.tk/news/dam-holds",
        "https://www.example.com%2f@evil.tk/news/dam-holds",
        "https://evil.tk/?https://www.example.com/news/dam-holds",
        "https://evil.tk#@www.example.com/news/dam-holds",
        "https://evil.tk?@www.example.com/news/dam-holds",
        "https://evil.tk\\@www.example.com/news/dam-holds",
        "https://www.example.com:8443/news/dam-holds",
        "https://www.example.com.evil.tk/news/dam-holds",
        "https://www.example.com..evil.tk/news/dam-holds",
        "https://www.example.com%00.evil.tk/news/dam-holds",
        "https://evil.tk/../www.example.com/news/dam-holds",
        "https://evil.tk//www.example.com/news/dam-holds",
        "https://m.evil.tk/www.example.com/news/dam-holds",
        # Names in other scripts
        "https://www.exаmple.com/news/dam-holds",
        "https://www.xn--exmple-4nf.com/news/dam-holds",
        "https://www.example.cоm/news/dam-holds",
        "https://www.examp1e.com/news/dam-holds",
        # Translators, archives, readers and caches of others
        "https://www-example-com.translate.goog/news/dam-holds?_x_tr_sl=en",
        "https://translate.google.com/translate?u=https%3A%2F%2Fwww.example.com%2Fnews%2Fdam-holds",
        "https://web.archive.org/web/20260101000000/https://www.example.com/news/dam-holds",
        "https://archive.ph/https://www.example.com/news/dam-holds",
        "https://webcache.googleusercontent.com/search?q=cache:https://www.example.com/news/dam-holds",
        "https://www-example-com.bing-amp.com/c/s/www.example.com/news/dam-holds",
        "https://amp.evil.tk/c/s/www.example.com/news/dam-holds",
        "https://r.jina.ai/https://www.example.com/news/dam-holds",
    ],
)
def test_no_address_of_another_host_takes_an_articles_id(url: str) -> None:
    victim = canonical_url(VICTIM)
    claimed = canonical_url(url)
    assert victim is not None
    assert claimed is None or article_id(canonical=claimed) != article_id(canonical=victim)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/amp/s/www.example.com/news/dam-holds",
        "https://google.co.uk/amp/s/www.example.com/news/dam-holds",
        "https://www.google.com.br/amp/www.example.com/news/dam-holds",
        "https://cdn.ampproject.org/c/s/www.example.com/news/dam-holds",
        "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/news/dam-holds/amp",
        "https://www-example-com.cdn.ampproject.org/v/s/www.example.com/news/dam-holds",
        f"https://{'abcdefghijklmnopqrstuvwxyz' * 2}.cdn.ampproject.org/c/s/www.example.com/news/dam-holds",
        "https://www.example.com./news/dam-holds",
        "https://reader:secret@www.example.com:443/news/dam-holds",
        "https://www.ｅxample.com/news/dam-holds",
        "https://m.example.com/news/dam-holds",
    ],
)
def test_the_same_page_has_the_same_id(url: str) -> None:
    victim, found = canonical_url(VICTIM), canonical_url(url)
    assert victim is not None
    assert found is not None
    assert article_id(canonical=found) == article_id(canonical=victim)


@pytest.mark.parametrize(
    ("host", "label"),
    [("a-b.example.org", "a--b-example-org"), ("bücher.example", "xn--bcher-example-wob")],
)
def test_a_cache_shows_a_host_in_its_own_place(host: str, label: str) -> None:
    ascii_host = "xn--bcher-kva.example" if not host.isascii() else host
    assert canonical_url(f"https://{label}.cdn.ampproject.org/c/s/{ascii_host}/1") == f"https://{ascii_host}/1"


@pytest.mark.parametrize(
    ("url", "wraps"),
    [
        ("https://google.evil.tk/amp/s/www.example.com/a", True),
        ("https://web.archive.org/web/2026/https://www.example.com/a", True),
        ("https://evil.tk/read?u=https%3A%2F%2Fwww.example.com%2Fa", True),
        ("https://evil.tk/c/s/www.example.com/a", True),
        ("https://www.example.com/a", False),
        ("https://www.example.com/login?next=https://shop.example.com/b", False),
        ("https://www.example.com/amp/story.html", False),
        ("https://www.example.com/a/v/report-2026.pdf?x=1", False),
        ("https://www.example.com", False),
    ],
)
def test_addresses_that_contain_those_of_others_are_noticed(url: str, wraps: bool) -> None:
    assert wraps_another(canonical_url(url) or "") is wraps
