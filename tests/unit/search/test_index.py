"""The index: what stands is found, what was withdrawn is not, and a crash leaves the last commit."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.domain.record import Record
from pipeline.errors import ConfigError
from pipeline.search.index import SearchIndex
from pipeline.search.query import read_query
from pipeline.search.searching import Answer, Search
from tests.harness.standing_records import ARTICLES, CLUSTERS, cluster, standing, withdrawal

IDENTITIES = {ARTICLES: b"one", CLUSTERS: b"two"}
FORGETS_AFTER = 1000.0


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1_796_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def index(tmp_path: Path, clock: Clock) -> SearchIndex:
    found = _index(tmp_path, clock)
    assert found.restore(IDENTITIES) == {}
    return found


def _index(path: Path, clock: Clock) -> SearchIndex:
    return SearchIndex(path / "index", ARTICLES, CLUSTERS, None, FORGETS_AFTER, clock)


def _store(index: SearchIndex, records: Sequence[Record], offset: int = 1) -> int:
    skipped = index.apply(records)
    index.store({(ARTICLES, 0): offset}, caught_up=True)
    return skipped


def _ask(index: SearchIndex, text: str, **parameters: str) -> Answer:
    given = {"from" if name == "first" else name: [value] for name, value in parameters.items()}
    return Search(index).answer(read_query({"q": [text], **given}))


def _ids(index: SearchIndex, text: str, **parameters: str) -> list[str]:
    return [story.article["id"] for story in _ask(index, text, **parameters).stories]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ferry", ["en"]),
        ("FERRIES", ["en"]),
        ('"electric ferry"', ["en"]),
        ('"ferry electric"', []),
        ("ferry -electric", []),
        ("ferry OR 東京", ["en", "ja"]),
        ("انتخابات", ["ar"]),
        ("الإنتخابات", ["ar"]),
        ("東京", ["ja"]),
        ("京都", ["ja"]),
        ("都", ["ja"]),
        ("東都", []),
        ("ภาษา", ["th"]),
        ("음악", ["ko"]),
        ("vendange", ["fr"]),
        ("économie", ["fr"]),
        ("economie", ["fr"]),
        ("nothing", []),
    ],
)
def test_each_language_is_searched_in_its_way(index: SearchIndex, query: str, expected: list[str]) -> None:
    _store(
        index,
        [
            standing("en", "An electric ferry opens", "It carries cars."),
            standing("fr", "Les vendanges commencent", "L'économie de la région", "fr"),
            standing("ar", "الانتخابات الرئاسية", "نتائج", "ar"),
            standing("ja", "東京都の天気", "雨が降る", "ja"),
            standing("th", "ข่าวภาษาไทย", "วันนี้", "th"),
            standing("ko", "음악을 듣다", "", "ko"),
        ],
    )
    assert sorted(_ids(index, query)) == sorted(expected)


def test_a_later_state_replaces_an_earlier_one_and_null_removes_it(index: SearchIndex) -> None:
    _store(index, [standing("a", "First wording"), standing("b", "Another article")])
    _store(index, [standing("a", "Second wording", revision=2)], 2)
    assert _ids(index, "first") == []
    assert _ids(index, "second") == ["a"]
    _store(index, [withdrawal("a"), withdrawal("never-seen")], 3)
    assert _ids(index, "wording") == []
    assert index.count() == 1


def test_what_cannot_be_read_is_skipped_and_takes_the_old_state_away(index: SearchIndex) -> None:
    _store(index, [standing("a", "Old words")])
    broken = [
        Record(ARTICLES, 0, 1, 0, b"a", b"{not json"),
        Record(ARTICLES, 0, 2, 0, b"b", b"[]"),
        Record(ARTICLES, 0, 3, 0, b"c", b'{"id": 7}'),
        Record(ARTICLES, 0, 4, 0, None, b"null"),
        Record(CLUSTERS, 0, 5, 0, b"c-1", b'{"size": "many"}'),
    ]
    assert _store(index, [*broken, standing("d", "Good words")], 6) == len(broken)
    assert _ids(index, "words") == ["d"]


def test_articles_of_a_story_are_folded_with_counts(index: SearchIndex) -> None:
    _store(
        index,
        [
            standing("a", "Ferry opens", cluster_id="c-1"),
            standing("b", "Ferry opens soon", cluster_id="c-1"),
            standing("c", "Ferry sinks", cluster_id="c-2"),
            cluster("c-1", 7, "gazette.example", "courier.example"),
        ],
    )
    answer = _ask(index, "ferry")
    assert answer.total == 3
    counts = {story.article["cluster"]: (story.more, story.size, story.publishers) for story in answer.stories}
    assert counts == {"c-1": (1, 7, 2), "c-2": (0, None, None)}
    assert sorted(_ids(index, "story:c-1")) == ["a", "b"]


def test_facets_count_and_filter(index: SearchIndex) -> None:
    economy = [{"code": "medtop:04000000", "name": "economy", "confidence": 0.9, "reliable": True}]
    _store(
        index,
        [
            standing("a", "Ferry one", subjects=economy, published_at={"value": "2026-11-01T23:59:59Z"}),
            standing("b", "Ferry two", language="de-AT", publisher={"id": "blatt.example"}),
            standing("c", "Ferry three", published_at={"value": "2026-11-02T00:00:00Z"}),
        ],
    )
    facets = {name: {one.value: one.count for one in values} for name, values in _ask(index, "ferry").facets.items()}
    assert facets["language"] == {"en": 2, "de": 1}
    assert facets["subject"] == {"medtop:04000000": 1}
    assert facets["publisher"] == {"gazette.example": 2, "blatt.example": 1}
    assert facets["day"] == {"2026-11-29": 1, "2026-11-02": 1, "2026-11-01": 1}
    assert _ids(index, "ferry", language="de") == ["b"]
    assert _ids(index, "", subject="medtop:04000000") == ["a"]
    assert _ids(index, "ferry", first="2026-11-02", to="2026-11-02") == ["c"]
    assert _ids(index, "ferry", to="2026-11-01") == ["a"]


def test_newer_articles_come_first_unless_they_fit_worse(index: SearchIndex, clock: Clock) -> None:
    clock.now = 1_796_000_000.0
    days = [f"2026-{month}-{day}T00:00:00Z" for month, day in (("11", "29"), ("11", "01"), ("06", "01"))]
    _store(
        index,
        [
            standing("new", "Ferry opens", ingested_at=days[0]),
            standing("old", "Ferry opens", ingested_at=days[1]),
            standing("oldest", "Ferry opens", ingested_at=days[2]),
            standing("mention", "Something else", f"A ferry. {'Other words. ' * 200}", ingested_at=days[0]),
        ],
    )
    search = Search(index, clock=clock)
    order = [story.article["id"] for story in search.answer(read_query({"q": ["ferry"]})).stories]
    assert order[:2] == ["new", "old"]
    assert order[-1] == "mention"
    assert _ids(index, "ferry", sort="oldest")[0] == "oldest"
    assert set(_ids(index, "", sort="newest")[:2]) == {"new", "mention"}


def test_related_articles_share_words_and_are_not_the_article_itself(index: SearchIndex) -> None:
    text = "The harbour council of Millbrook voted on the wooden ferry and its engine."
    _store(
        index,
        [
            standing("a", "Ferry vote", text),
            standing("b", "Millbrook ferry", "The harbour council of Millbrook repaired the wooden ferry engine."),
            standing("c", "Wheat prices", "Farmers sold grain at the market."),
        ],
    )
    assert _ids(index, "related:a") == ["b"]
    assert _ids(index, "related:unknown") == []


def test_pages_do_not_overlap(index: SearchIndex) -> None:
    _store(index, [standing(f"a{number}", f"Ferry {number}") for number in range(25)])
    pages = [_ids(index, "ferry", page=str(page)) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert len({found for page in pages for found in page}) == 25
    assert _ask(index, "ferry").pages == 3


def test_positions_are_committed_with_the_articles(index: SearchIndex, tmp_path: Path, clock: Clock) -> None:
    _store(index, [standing("a", "Ferry")], 5)
    index.apply([standing("b", "Ferry"), withdrawal("a")])  # and killed before it is stored
    index.close()
    again = _index(tmp_path, clock)
    assert again.restore(IDENTITIES) == {(ARTICLES, 0): 5}
    assert _ids(again, "ferry") == ["a"]


def test_what_a_killed_commit_left_does_not_stop_the_next_one(index: SearchIndex, tmp_path: Path, clock: Clock) -> None:
    """A process that is killed before the last step of a commit leaves files with the names that are used next."""
    meta = tmp_path / "index" / "meta.json"
    _store(index, [standing("a", "Ferry one"), standing("b", "Ferry two")], 2)
    index.close()
    before, killed = meta.read_bytes(), _index(tmp_path, clock)
    killed.restore(IDENTITIES)
    _store(killed, [withdrawal("a")], 3)
    killed.close()
    assert [path for path in meta.parent.iterdir() if path.suffix == ".del"]
    meta.write_bytes(before)
    (meta.parent / ".tmpAbCdEf").write_bytes(b"{")
    again = _index(tmp_path, clock)
    assert again.restore(IDENTITIES) == {(ARTICLES, 0): 2}
    assert sorted(_ids(again, "ferry")) == ["a", "b"]
    assert not (meta.parent / ".tmpAbCdEf").exists()
    _store(again, [withdrawal("a")], 3)
    assert _ids(again, "ferry") == ["b"]


def test_an_index_that_may_have_missed_a_withdrawal_is_built_again(
    index: SearchIndex, tmp_path: Path, clock: Clock
) -> None:
    _store(index, [standing("a", "Ferry")], 5)
    index.close()
    clock.now += FORGETS_AFTER
    again = _index(tmp_path, clock)
    assert again.restore(IDENTITIES) == {(ARTICLES, 0): 5}
    again.store({(ARTICLES, 0): 6}, caught_up=False)  # reading on is not having read all
    again.close()
    clock.now += 1
    third = _index(tmp_path, clock)
    assert third.restore(IDENTITIES) == {}
    assert third.count() == 0


@pytest.mark.parametrize("damage", ["identities", "version", "meta"])
def test_an_index_of_other_topics_or_versions_or_a_damaged_one_is_built_again(
    index: SearchIndex, tmp_path: Path, clock: Clock, damage: str
) -> None:
    _store(index, [standing("a", "Ferry")], 5)
    index.close()
    if damage == "version":
        (tmp_path / "index" / "format.json").write_text("{}")
    if damage == "meta":
        (tmp_path / "index" / "meta.json").write_text("{")
    again = _index(tmp_path, clock)
    assert again.restore({**IDENTITIES, ARTICLES: b"new"} if damage == "identities" else IDENTITIES) == {}
    assert again.count() == 0
    _store(again, [standing("b", "Ferry")])
    assert _ids(again, "ferry") == ["b"]


def test_two_processes_cannot_have_one_index(index: SearchIndex, tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(ConfigError, match="another process"):
        _index(tmp_path, clock).restore(IDENTITIES)


def test_files_of_others_are_left_alone(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "precious.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not of an index"):
        _index(tmp_path, clock).restore(IDENTITIES)
    assert (tmp_path / "index" / "precious.txt").read_text() == "mine"
