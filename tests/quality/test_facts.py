"""Typed facts on samples in many languages that were written for the project."""

from pathlib import Path

import pytest

from pipeline_research.evaluation.facts import FACTS, FactScore, measure_facts

SAMPLES = Path(__file__).parent / "facts"
# A wrong place or genre does more harm than a missing one.
BARS = {"genres": (0.98, 0.95), "access": (0.98, 0.95), "places": (0.98, 0.9), "keywords": (0.95, 0.9)}


@pytest.fixture(scope="module")
def scores() -> dict[str, FactScore]:
    return {score.fact: score for score in measure_facts(SAMPLES)}


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_is_right_and_found(scores: dict[str, FactScore], fact: str) -> None:
    score = scores[fact]
    precision, coverage = BARS[fact]
    assert score.samples >= 60
    assert score.languages >= 12
    assert score.precision >= precision, score.misses
    assert score.coverage >= coverage, score.misses
