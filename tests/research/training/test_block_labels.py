"""Labels of segments: what readers write, what is stored, what is refused."""

import json
from pathlib import Path

import pytest

from pipeline_research.training import block_labels as module
from pipeline_research.training.block_labels import (
    BlockLabel,
    check_labels,
    digest_of,
    load_labels,
    parse_label,
    write_labels,
)

SOURCES = ("trafilatura_eval", "pages")


@pytest.fixture
def listings(tmp_path: Path) -> Path:
    page = {"id": "one", "source": "some", "url": "", "segments": [[f"k{place}", 9] for place in range(20)]}
    (tmp_path / "one.json").write_text(json.dumps(page))
    return tmp_path


def test_ranges_and_roles_are_read() -> None:
    label = parse_label("one\t4-6,11\th:3 s:4 c:7,9-10\n")
    assert label == BlockLabel("one", (4, 5, 6, 11), (3,), (4,), (7, 9, 10))
    assert parse_label("two\t-") == BlockLabel("two", ())


@pytest.mark.parametrize(
    "line",
    ["one", "one\t4-", "one\tfour", "one\t6-4", "one\t4\tx:3", "one\t4\th:3 h:4", "one\t4\th3", "one\t4\th:3\tmore"],
)
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match="one"):
        parse_label(line)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("one\t4-20", "has 20"),
        ("one\t4-9\ts:3", "standfirst"),
        ("one\t4-9\tc:9", "caption"),
        ("one\t4-9\th:4", "headline"),
        ("other\t4-9", "no such page"),
    ],
)
def test_answers_that_do_not_fit_their_page_are_named(listings: Path, answer: str, problem: str) -> None:
    path = listings / "answers.tsv"
    path.write_text(f"# a remark\n{answer}\n\none\t1-3\n")
    labels, problems = check_labels([path], listings)
    assert [label.inside for label, _ in labels["some"]] == [(1, 2, 3)]
    assert len(problems) == 1
    assert "answers.tsv, line 2" in problems[0]
    assert problem in problems[0]


def test_the_later_answer_counts_and_what_is_stored_is_read_again(
    listings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = listings / "answers.tsv"
    path.write_text("one\t1\none\t4-6,8\th:3 s:4\n")
    labels, _ = check_labels([path], listings)
    stored = tmp_path / "data" / "block_labels"
    stored.mkdir(parents=True)
    write_labels(labels["some"], stored / "some.tsv")
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    label, digest = load_labels("some")["one"]
    assert label == BlockLabel("one", (4, 5, 6, 8), (3,), (4,))
    assert digest == digest_of(f"k{place}" for place in range(20))
    assert load_labels("absent") == {}


@pytest.mark.parametrize("source", SOURCES)
def test_stored_labels_hold_no_text(source: str) -> None:
    labels = load_labels(source)
    assert len(labels) > 150
    for name, (label, digest) in labels.items():
        assert name == label.id
        assert len(digest) == 12
        assert set(label.standfirst) <= set(label.inside)
        assert set(label.captions).isdisjoint(label.inside)
