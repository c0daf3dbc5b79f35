"""Quality gates of deduplication, on copies of the project's samples and on similar texts that are no copies."""

import pytest

from pipeline_research.evaluation.copies import KINDS, Kind
from pipeline_research.evaluation.copy_finders import finders
from pipeline_research.evaluation.deduplication import OutcomeCounts, Trial, measure, story_clusters, summed, trials
from pipeline_research.evaluation.news_texts import sample_set

AGREEMENT = 0.9
"""Adjusted Rand index of clusters."""


@pytest.fixture(scope="module")
def made() -> list[Trial]:
    return trials(sample_set(), [], seed=1)


@pytest.fixture(scope="module")
def rows(made: list[Trial]) -> dict[str, OutcomeCounts]:
    (ours,), _ = finders(peers=False)
    return summed([(case.kind.name, row) for trial in made for case, row in measure(ours, trial)])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.aim is not None], ids=lambda kind: kind.name)
def test_every_kind_reaches_its_aim(kind: Kind, rows: dict[str, OutcomeCounts]) -> None:
    assert kind.aim is not None
    assert rows[kind.name].share_right >= kind.aim


def test_copies_are_traced_to_their_originals(rows: dict[str, OutcomeCounts]) -> None:
    assert not sum(row.wrong for row in rows.values())


def test_clusters_are_originals_with_their_copies(made: list[Trial]) -> None:
    assert min(story_clusters(trial) for trial in made) >= AGREEMENT
