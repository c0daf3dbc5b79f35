"""How outcomes are counted, and partitions compared."""

import random

import pytest

from pipeline_research.evaluation.copies import KINDS, Kind
from pipeline_research.evaluation.copy_finders import Finder
from pipeline_research.evaluation.deduplication import adjusted_rand, measure, trials
from pipeline_research.evaluation.news_texts import sample_set
from pipeline_research.evaluation.outcomes import OutcomeCounts, summed

TEXT = "One came. Two went, 1234567 of them. Three stayed. Four slept. Five sang. Six ate. Seven read. " * 5


@pytest.mark.parametrize(
    ("labels", "others", "index"),
    [
        ("aabb", "xxyy", 1.0),
        ("aabb", "xyxy", -0.5),
        ("aaabbb", "xxyyzz", 0.242424),  # (2 - 1.2) / (4.5 - 1.2)
        ("abcd", "wxyz", 1.0),
        ("aaaa", "wxyz", 0.0),
        ("", "", 1.0),
    ],
)
def test_adjusted_rand(labels: str, others: str, index: float) -> None:
    assert adjusted_rand(labels, others) == pytest.approx(index, abs=1e-5)


def test_outcomes_are_counted_by_what_they_name() -> None:
    (trial, _) = trials(sample_set(), [], seed=1)
    first = Finder("the first", lambda _: lambda _: {0})
    rows = summed([(case.kind.name, row) for case, row in measure(first, trial)])
    copies, others = rows["new headline"], rows["quotes the article"]
    # Number 0 stands there with boilerplate, and nothing is copied from it.
    assert (copies.right, copies.wrong) == (0, copies.cases)
    assert (others.right, others.wrong) == (0, others.cases)


def test_scores() -> None:
    row = OutcomeCounts(cases=10, right=6, wrong=2)
    assert (row.share_right, row.precision) == (0.6, 0.75)
    assert row.f1 == pytest.approx(2 / 3)
    assert OutcomeCounts(cases=1).precision == 1.0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_changes_come_from_the_seed(kind: Kind) -> None:
    other = "Something else altogether happened. Nobody saw it. It was late. The lamps were out."
    changed = {kind.change(random.Random(7), TEXT, other) for _ in range(2)}
    assert len(changed) == 1
    assert (changed == {TEXT}) == (kind.name == "new headline")


def test_shares_that_are_kept() -> None:
    changes = {kind.name: kind.change for kind in KINDS}
    assert TEXT.startswith(changes["first 50 %"](random.Random(1), TEXT, ""))
    assert len(changes["first 50 %"](random.Random(1), TEXT, "")) == len(TEXT) // 2
    misread = changes["5 % of characters misread"](random.Random(1), "m" * 20_000, "")
    assert 0.04 < misread.count("rn") / 20_000 < 0.06
