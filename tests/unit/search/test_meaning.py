"""Articles are found by meaning where vectors tell it: a headline in another language finds the article."""

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.search.index import SearchIndex
from pipeline.search.query import read_query
from pipeline.search.searching import Search
from pipeline.search.vectors import Vectors
from tests.harness.standing_records import ARTICLES, CLUSTERS, standing, withdrawal

IDENTITIES = {ARTICLES: b"1", CLUSTERS: b"2"}
FERRY, FERRY_TOO, WHEAT = bytes([100, 20, 5, 0]), bytes([95, 30, 0, 5]), bytes([0, 5, 110, 20])


class Encoder:
    """Knows two headlines."""

    def vector(self, text: str) -> bytes | None:
        return {"Nouvelle ligne de bac": FERRY, "Prix du blé": WHEAT}.get(text)


def _vector(values: bytes, model: str = "m1") -> Mapping[str, object]:
    return {"model": model, "dimensions": len(values), "values": base64.b64encode(values).decode()}


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    found = SearchIndex(tmp_path / "index", ARTICLES, CLUSTERS, Vectors("m1", 100), 1000.0)
    found.restore(IDENTITIES)
    found.apply(
        [
            standing("ferry", "New ferry line opens", vector=_vector(FERRY)),
            standing("boat", "Six boats a day", vector=_vector(FERRY_TOO), language="en"),
            standing("wheat", "Wheat prices fall", vector=_vector(WHEAT)),
            standing("other", "Another model", vector=_vector(FERRY, "m0")),
            standing("none", "Une ligne de bac", language="fr"),
        ]
    )
    found.store({(ARTICLES, 0): 5}, caught_up=True)
    return found


def _ids(index: SearchIndex, text: str, **parameters: str) -> list[str]:
    query = read_query({"q": [text], **{name: [value] for name, value in parameters.items()}})
    return [story.article["id"] for story in Search(index, Encoder()).answer(query).stories]


def test_a_translated_headline_finds_the_article_and_not_another_one(index: SearchIndex) -> None:
    assert _ids(index, "Nouvelle ligne de bac")[:2] == ["ferry", "boat"]
    assert "wheat" not in _ids(index, "Nouvelle ligne de bac")
    assert _ids(index, "Prix du blé") == ["wheat"]
    assert _ids(index, "unknown to the encoder") == []


def test_filters_hold_for_what_meaning_finds(index: SearchIndex) -> None:
    assert _ids(index, "Nouvelle ligne de bac", language="fr") == []
    assert _ids(index, "Nouvelle ligne de bac", to="2026-11-01") == []
    assert set(_ids(index, "Nouvelle ligne de bac", publisher="gazette.example")) == {"ferry", "boat"}


def test_related_articles_are_those_of_similar_meaning(index: SearchIndex) -> None:
    assert _ids(index, "related:ferry") == ["boat"]
    assert _ids(index, "related:wheat") == []


def test_an_article_that_a_headline_still_finds_may_be_too_far_from_another_article(index: SearchIndex) -> None:
    far = bytes([30, 0, 0, 95])  # a cosine of 0.295
    index.apply([standing("far", "Quays are rebuilt", vector=_vector(far))])
    index.store({(ARTICLES, 0): 6}, caught_up=True)
    assert "far" in _ids(index, "Nouvelle ligne de bac")
    assert _ids(index, "related:ferry") == ["boat"]


def test_withdrawn_articles_are_not_found_by_meaning(index: SearchIndex) -> None:
    index.apply([withdrawal("ferry")])
    index.store({(ARTICLES, 0): 6}, caught_up=True)
    assert _ids(index, "Nouvelle ligne de bac") == ["boat"]


def test_vectors_are_read_again_after_a_restart(index: SearchIndex, tmp_path: Path) -> None:
    index.close()
    again = SearchIndex(tmp_path / "index", ARTICLES, CLUSTERS, Vectors("m1", 2), 1000.0)
    again.restore(IDENTITIES)
    assert again.vectors is not None
    assert len(again.vectors) == 2
    third = SearchIndex(tmp_path / "other", ARTICLES, CLUSTERS, Vectors("m1", 100), 1000.0)
    third.restore(IDENTITIES)
    assert third.vectors is not None
    assert len(third.vectors) == 0
