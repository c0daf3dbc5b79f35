"""Canonical URLs, comparison keys, registrable domains, ids."""

import pytest

from pipeline.text.identity import article_id
from pipeline.text.urls import canonical_url, is_front_page, registrable_domain, url_key


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
