"""Hashes of text parts, and the ids made with them."""

from itertools import combinations

import pytest

from pipeline.domain.ids import ArticleId, cluster_id, digest_hex, event_id, founder, sha256_hex


def test_a_hash_depends_on_where_its_parts_end() -> None:
    parts = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("a", "b", "c")]
    assert all(digest_hex(*one) != digest_hex(*other) for one, other in combinations(parts, 2))


def test_hashes_keep_their_values() -> None:
    assert digest_hex("a", "\ud800") == "49e3ae9ac66d0bc8c2d5ac1a9c4ee0cd"
    assert digest_hex("a", size=4) == "1450e1e8"
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_an_event_id_depends_on_all_that_identifies_the_event() -> None:
    plain = ("", "a", 1, "news.article.enriched.v1", "1.0")
    others = [
        ("l-", "a", 1, "news.article.enriched.v1", "1.0"),
        ("", "b", 1, "news.article.enriched.v1", "1.0"),
        ("", "a", 2, "news.article.enriched.v1", "1.0"),
        ("", "a", 1, "news.article.revised.v1", "1.0"),
        ("", "a", 1, "news.article.enriched.v1", "1.1"),
    ]
    assert len({event_id(*parts) for parts in (plain, *others)}) == len(others) + 1


@pytest.mark.parametrize("article", ["0f3c5a7be1d94c2890aa4be6d1f25c37", "c"])
def test_the_founder_of_a_cluster_is_in_its_id(article: str) -> None:
    assert founder(cluster_id(ArticleId(article))) == article
