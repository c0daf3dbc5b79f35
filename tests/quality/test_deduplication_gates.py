"""Quality gates of deduplication, on copies of the project's samples and on similar texts that are no copies."""

import pytest

from pipeline_research.evaluation.copies import KINDS, Kind
from pipeline_research.evaluation.copy_finders import finders
from pipeline_research.evaluation.deduplication import Trial, measure, story_clusters, trials
from pipeline_research.evaluation.news_texts import sample_fillers, sample_set
from pipeline_research.evaluation.outcomes import OutcomeCounts, summed
from pipeline_research.evaluation.templates import TEMPLATE_KINDS, measure_templates

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
    assert not sum(rows[kind.name].wrong for kind in KINDS if kind.is_copy or kind.aim is not None)


def test_clusters_are_originals_with_their_copies(made: list[Trial]) -> None:
    assert min(story_clusters(trial) for trial in made) >= AGREEMENT


@pytest.fixture(scope="module")
def templates() -> dict[bool, dict[str, OutcomeCounts]]:
    (ours,), _ = finders(peers=False)
    return {aside: measure_templates(ours, sample_fillers(), 1, held_out=aside) for aside in (False, True)}


@pytest.mark.parametrize("aside", [False, True], ids=["chosen with", "kept aside"])
@pytest.mark.parametrize("kind", [kind for kind in TEMPLATE_KINDS if kind.aim is not None], ids=lambda kind: kind.name)
def test_articles_from_a_template_are_no_copies_and_their_copies_are(
    kind: Kind, aside: bool, templates: dict[bool, dict[str, OutcomeCounts]]
) -> None:
    # A copy of a few words more or less in 24 texts is one mistake of chance.
    assert kind.aim is not None
    row = templates[aside][kind.name]
    assert row.cases - row.right <= 1 if kind.is_copy else row.right == row.cases
