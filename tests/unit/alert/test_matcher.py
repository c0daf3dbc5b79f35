"""The index of queries finds what comparing an article with each query finds, and that is what the search finds."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alert import params
from pipeline.alert.article_keys import article_keys
from pipeline.alert.compiled import compiled
from pipeline.alert.matcher import Matcher
from pipeline.alert.saved_query import SavedQuery
from pipeline.domain.record import Record
from pipeline.search.index import SearchIndex
from pipeline.search.query import QueryError, read_query
from pipeline.search.searching import Search
from tests.harness.alert_records import value_of
from tests.harness.standing_records import ARTICLES, CLUSTERS, standing

SUBJECT, OTHER = "medtop:15000000", "medtop:11000000"
VOCABULARY = (
    "ferry",
    "ferries",
    "harbour",
    "été",
    "ete",
    "京都",
    "東京都",
    "ภาษา",
    "انتخابات",
    "الانتخابات",
    "ab",
    "a",
)


def _matches(query: SavedQuery, value: dict[str, Any]) -> bool:
    return Matcher([compiled(query)]).matching(article_keys(value)) != []


def _subject(code: str, *, reliable: bool) -> dict[str, Any]:
    return {"code": code, "name": "a subject", "confidence": 0.5, "reliable": reliable}


words = st.sampled_from(VOCABULARY)
phrases = st.lists(words, min_size=1, max_size=3).map(lambda found: f'"{" ".join(found)}"')
parts = st.one_of(words, phrases, words.map("-{}".format), phrases.map("-{}".format), st.just("OR"))
queries = st.builds(
    SavedQuery,
    id=st.just("q"),
    words=st.lists(parts, max_size=6).map(" ".join),
    language=st.sampled_from([(), ("en",), ("ar", "en"), ("fr",)]),
    subject=st.sampled_from([(), (SUBJECT,), (SUBJECT, OTHER)]),
    reliable=st.booleans(),
    publisher=st.sampled_from([(), ("gazette.example",)]),
    country=st.sampled_from([(), ("GB",), ("NO", "SE")]),
)
texts = st.lists(words, max_size=12).map(" ".join)
values = st.builds(
    lambda headline, body, language, subjects, country: value_of(
        "a",
        headline,
        body,
        language=language,
        subjects=subjects,
        publisher={"id": "gazette.example", **({"country": country} if country else {})},
    ),
    texts,
    texts,
    st.sampled_from(["en", "fr", "ar", "zh-Hans", "und"]),
    st.lists(st.builds(_subject, st.sampled_from([SUBJECT, OTHER]), reliable=st.booleans()), max_size=2),
    st.sampled_from(["GB", "NO", None]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(queries, max_size=25), st.lists(values, min_size=1, max_size=12))
def test_the_index_finds_what_each_query_by_itself_matches(wanted: list[SavedQuery], articles: list[Any]) -> None:
    usable = []
    for saved in wanted:
        try:
            usable.append(compiled(saved))
        except QueryError:
            continue
    matcher = Matcher(usable)
    for article in map(article_keys, articles):
        for _ in range(params.MATCHING.sampled):  # so that keys are counted too
            assert matcher.matching(article) == [query for query in usable if query.matches(article)]


def test_the_index_finds_the_same_after_it_was_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    small = params.MatchingParams(sampled=1, first_samples=4, last_samples=16)
    monkeypatch.setattr("pipeline.alert.matcher.MATCHING", small)
    monkeypatch.setattr("pipeline.alert.rarity.MATCHING", small)
    matcher = Matcher([compiled(SavedQuery(id="q", words="ferry harbour"))])
    common = article_keys(value_of("a", "ferry"))
    wanted = article_keys(value_of("b", "The harbour has a ferry"))
    for _ in range(50):
        assert matcher.matching(common) == []
        assert [query.saved.id for query in matcher.matching(wanted)] == ["q"]
    assert matcher.rarity.share("harbour") < matcher.rarity.share("ferry")


@pytest.mark.parametrize(
    "words", ["ferry", '"harbour ferry"', "été", "京都", "京", "ภาษา", "انتخابات", "a OR 京都", "ab -ferry"]
)
def test_a_saved_query_matches_what_the_search_finds(tmp_path: Path, words: str) -> None:
    texts = [
        ("The ferries leave", "en"),
        ("Harbour ferry line", "en"),
        ("Un été au port", "fr"),
        ("東京都の天気", "ja"),
        ("京", "zh"),
        ("เรียนภาษาไทย", "th"),
        ("نتائج الانتخابات", "ar"),
        ("ab a", "und"),
        ("Ferry ab", "en"),
    ]
    index = SearchIndex(tmp_path / "index", ARTICLES, CLUSTERS, None, 3600.0)
    index.restore({})
    records: list[Record] = [standing(str(place), text, language=tag) for place, (text, tag) in enumerate(texts)]
    assert index.apply(records) == 0
    index.store({}, caught_up=True)
    stories = Search(index).answer(read_query({"q": [words], "size": ["50"]})).stories
    found = {story.article["id"] for story in stories}
    query = SavedQuery(id="q", words=words)
    matched = {str(n) for n, (text, tag) in enumerate(texts) if _matches(query, value_of(str(n), text, language=tag))}
    assert matched == found != set()
    index.close()


def test_only_reliable_subjects_count_unless_others_are_wanted() -> None:
    value = value_of("a", "Ferry", subjects=[_subject(SUBJECT, reliable=False)])
    assert not _matches(SavedQuery(id="q", subject=(SUBJECT,)), value)
    assert _matches(SavedQuery(id="q", subject=(SUBJECT,), reliable=False), value)


def test_an_article_without_the_country_of_its_publisher_matches_no_country() -> None:
    assert not _matches(SavedQuery(id="q", country=("GB",)), value_of("a", "Ferry"))
    assert _matches(SavedQuery(id="q", country=("GB",)), value_of("a", "Ferry", publisher={"id": "x", "country": "GB"}))


def test_a_phrase_does_not_go_from_the_headline_into_the_text() -> None:
    query = SavedQuery(id="q", words='"new ferry"')
    assert not _matches(query, value_of("a", "New", "ferry"))
    assert _matches(query, value_of("a", "Ferry", "A new ferry"))


@pytest.mark.parametrize("fake", ["subject=medtop:15000000", "language=en", "publisher=gazette.example", "en:ferri"])
def test_words_of_an_article_are_never_values_of_filters(fake: str) -> None:
    value = value_of("a", fake, fake, language="und", publisher={"id": "other.example"})
    assert not _matches(SavedQuery(id="q", subject=(SUBJECT,), reliable=False), value)
    assert not _matches(SavedQuery(id="q", language=("en",)), value)
    assert not _matches(SavedQuery(id="q", publisher=("gazette.example",)), value)
    assert not _matches(SavedQuery(id="q", words="ferries"), value)
