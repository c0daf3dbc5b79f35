"""Learned boilerplate: what a source repeats is found, kept in a file, and taken out."""

import msgspec
import pytest

from pipeline.text.learned_boilerplate import (
    FORMAT,
    BoilerplateFile,
    BoilerplateLearner,
    LearnedBoilerplate,
    LearnedLine,
    LearnParams,
    without_learned,
)

PARAMS = LearnParams(min_articles=5, min_share=0.5)
NOTICE = "The Harbour Gazette lives from its readers: if you like what we do, become one of our friends."
LABEL = "Harbour life"


def _body(number: int, length: int = 30) -> list[str]:
    return [f"Paragraph {line} of article number {number} says what happened there." for line in range(length)]


def _learn(articles: list[list[str]], params: LearnParams = PARAMS) -> dict[str, list[LearnedLine]]:
    learner = BoilerplateLearner(params)
    for lines in articles:
        learner.add("gazette", lines)
    return learner.learned()


def test_what_most_articles_have_is_boilerplate() -> None:
    articles = [[LABEL, *_body(number), NOTICE, f"{number} readers liked this"] for number in range(10)]
    learned = _learn(articles)
    assert [(line.line, line.articles, line.anywhere) for line in learned["gazette"]] == [
        ("0 readers liked this", 10, False),
        (LABEL, 10, False),
        (NOTICE, 10, True),
    ]


@pytest.mark.parametrize(
    "articles",
    [
        [[*_body(number), NOTICE] for number in range(4)],
        [[*_body(number), *([NOTICE] if number < 5 else [])] for number in range(20)],
        [[*_body(number, 15), LABEL, *_body(number + 100, 15)] for number in range(10)],
        [[*_body(number, 4), LABEL, *_body(number + 100, 4)] for number in range(10)],
        [[*_body(1), NOTICE] for _ in range(10)],
        [[*_body(number), "word " * 200] for number in range(10)],
        [[*_body(number), "* * *", "7"] for number in range(10)],
    ],
    ids=["few", "small share", "short in mid-text", "short in a short text", "copies", "long", "no letters"],
)
def test_what_is_not_learned(articles: list[list[str]]) -> None:
    assert _learn(articles) == {}


def test_sources_are_apart() -> None:
    learner = BoilerplateLearner(PARAMS)
    for number in range(10):
        learner.add("gazette", [*_body(number), NOTICE])
        learner.add("post", _body(number + 50))
    assert list(learner.learned()) == ["gazette"]
    assert learner.counts() == {"gazette": 10, "post": 10}


def test_memory_is_bounded() -> None:
    articles = [[*_body(number), NOTICE] for number in range(10)]
    learned = _learn(articles, LearnParams(min_articles=5, min_share=0.5, max_lines=40))
    assert [line.line for line in learned["gazette"]] == [NOTICE]


def test_learned_lines_are_taken_out() -> None:
    learned = LearnedBoilerplate.from_sources(
        {"gazette": [LearnedLine(line=NOTICE, articles=9, anywhere=True), LearnedLine(line=LABEL, articles=9)]}
    )
    lines = [LABEL, *_body(1, 15), LABEL, NOTICE, *_body(2, 15), NOTICE.upper()]
    assert without_learned(lines, learned.of("gazette")) == [*_body(1, 15), LABEL, *_body(2, 15)]
    assert without_learned(lines, learned.of("post")) == lines
    assert without_learned(lines, learned.of(None)) == lines
    assert without_learned([NOTICE], learned.of("gazette")) == [NOTICE]


def _file(version: str, **changes: object) -> bytes:
    sources = {"gazette": [LearnedLine(line=NOTICE, articles=9, anywhere=True)]}
    file = BoilerplateFile(format=FORMAT, version=version, sources=sources)
    return msgspec.json.encode(msgspec.structs.replace(file, **changes))


def test_the_file_is_read_back() -> None:
    version = LearnedBoilerplate.from_sources(
        {"gazette": [LearnedLine(line=NOTICE, articles=1, anywhere=True)]}
    ).version
    assert LearnedBoilerplate.parse(_file(version)).version == version


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not a boilerplate file"),
        (b"[]", "not a boilerplate file"),
        (b'{"format": 1, "version": "x", "sources": {}, "more": 1}', "not a boilerplate file"),
        (_file("0" * 12), "is not that of its lines"),
        (_file("0" * 12, format=99), "format 99"),
    ],
)
def test_other_files_are_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        LearnedBoilerplate.parse(data)


def test_the_version_is_that_of_what_decides() -> None:
    def version(**changes: object) -> str:
        line = msgspec.structs.replace(LearnedLine(line=NOTICE, articles=9), **changes)
        return LearnedBoilerplate.from_sources({"gazette": [line]}).version

    assert version() == version(articles=10) == version(line=NOTICE.upper())
    assert len({version(), version(anywhere=True), version(line=LABEL)}) == 3


@pytest.mark.parametrize(
    ("index", "count", "is_taken_out"),
    [(3, 60, True), (4, 60, False), (49, 60, False), (50, 60, True), (2, 12, True), (3, 12, False), (0, 2, True)],
)
def test_short_lines_are_taken_out_near_the_ends(index: int, count: int, is_taken_out: bool) -> None:
    learned = LearnedBoilerplate.from_sources({"gazette": [LearnedLine(line=LABEL, articles=9)]})
    lines = _body(1, count - 1)
    lines.insert(index, LABEL)
    assert (LABEL not in without_learned(lines, learned.of("gazette"))) == is_taken_out


@pytest.mark.parametrize(("chars", "is_learned"), [(39, False), (40, True), (600, True), (601, False)])
def test_long_lines_are_boilerplate_in_mid_text(chars: int, is_learned: bool) -> None:
    articles = [[*_body(number, 15), "x" * chars, *_body(number + 100, 15)] for number in range(10)]
    assert bool(_learn(articles)) == is_learned


@pytest.mark.parametrize(("at_edge", "is_learned"), [(8, True), (7, False)])
def test_short_lines_are_boilerplate_if_mostly_near_the_ends(at_edge: int, is_learned: bool) -> None:
    articles = [[LABEL, *_body(number)] for number in range(at_edge)]
    articles += [[*_body(number, 15), LABEL, *_body(number + 100, 15)] for number in range(at_edge, 10)]
    assert bool(_learn(articles)) == is_learned


def test_the_numbers_of_articles_and_shares_are_least_ones() -> None:
    def learned(with_notice: int, count: int) -> bool:
        return bool(_learn([[*_body(n), *([NOTICE] if n < with_notice else [])] for n in range(count)], LearnParams()))

    assert [learned(9, 9), learned(10, 10), learned(10, 50), learned(10, 51)] == [False, True, True, False]
