from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline import __version__
from pipeline.assembly import build_chain, build_fold, build_stages, versions
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.stage import STAGES, StageName
from pipeline.errors import ConfigError


def test_every_stage_answers_to_its_name() -> None:
    assert [stage.name for stage in build_stages(STAGES)] == list(STAGES)


@pytest.mark.parametrize("names", [STAGES, ("ingest",), ("dedupe", "detect-language"), ("publish",)])
def test_chains_of_services(names: Sequence[StageName]) -> None:
    assert build_chain(names).names == tuple(names)


@pytest.mark.parametrize("names", [("translate",), ("ingest", "classify"), ()])
def test_other_chains_are_wrong_configuration(names: tuple[Any, ...]) -> None:
    with pytest.raises(ConfigError, match="stage"):
        build_chain(names)


def test_all_versions_are_known_whatever_stages_run() -> None:
    found = versions()
    assert found.pipeline == __version__
    assert found.language
    assert found.subjects
    assert found.taxonomy


def test_models_are_loaded_once() -> None:
    first, second = (build_stages(["detect-language", "classify"]) for _ in range(2))
    models = [[vars(stage)["_model"] for stage in stages] for stages in (first, second)]
    assert models[0][0] is models[1][0]
    assert models[0][1] is models[1][1]


def test_every_run_has_a_fold_of_its_own() -> None:
    assert build_fold(near_window_secs=60, exact_window_secs=120) is not build_fold(
        near_window_secs=60, exact_window_secs=120
    )


def test_a_fold_has_every_version_with_the_windows_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {**FOLD_VERSIONS, 2: replace(FOLD_VERSIONS[1], near_from=0.9)}
    monkeypatch.setattr("pipeline.assembly.FOLD_VERSIONS", known)
    fold = build_fold(near_window_secs=60, exact_window_secs=120)
    assert set(fold.versions) == {1, 2}
    assert fold.versions[2] == replace(known[2], near_window_secs=60, exact_window_secs=120)
