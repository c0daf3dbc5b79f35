from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline import __version__
from pipeline.assembly import build_chain, build_fold, build_stages, installed_versions, versions
from pipeline.cli.app import run_command
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.events import Published
from pipeline.domain.outcome import Emit
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES, StageName
from pipeline.domain.subject import ReaderChoice
from pipeline.errors import ConfigError
from pipeline.exit_codes import ExitCode
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.encoder import EncoderParams
from pipeline.models.subjects.fast import FastReader
from pipeline.settings import DedupSettings, SubjectSettings
from pipeline.text.page.article_scorer import ArticleScorer
from pipeline.wire.codec import decode_article
from pipeline.wire.schemas import schema_dir
from tests.conftest import EncoderIn
from tests.harness.small_encoder import small_encoder
from tests.harness.subjects import FAST_SUBJECTS


def test_every_stage_answers_to_its_name() -> None:
    assert [stage.name for stage in build_stages(STAGES, subjects=FAST_SUBJECTS)] == list(STAGES)


def test_ingest_reads_the_weights_of_the_scorer_when_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bool] = []
    monkeypatch.setattr(ArticleScorer, "shipped", lambda: read.append(True))
    build_stages(["detect-language"])
    assert not read
    build_stages(["ingest"])
    assert read


@pytest.mark.parametrize(("bound", "declared"), [(False, "gazette"), (True, " http:harbour")])
def test_the_setting_of_principals_reaches_the_signatures(*, bound: bool, declared: str) -> None:
    (ingest,) = build_stages(["ingest"], dedup=DedupSettings(bind_principals=bound))
    value = b'{"url": "https://gazette.example/1", "source": "gazette", "text": "The harbour board has voted."}'
    record = Record("raw", 0, 1, 1_772_600_000_000, b"k", value, (("principal", b"http:harbour"),))
    (outcome,) = ingest.process([record])  # type: ignore[union-attr]  # no judging stage
    assert isinstance(outcome, Emit)
    assert outcome.value.signature.declared_source == declared


@pytest.mark.parametrize("names", [STAGES, ("ingest",), ("dedupe", "detect-language"), ("publish",)])
def test_chains_of_services(names: Sequence[StageName]) -> None:
    assert build_chain(names, subjects=FAST_SUBJECTS).names == tuple(names)


@pytest.mark.parametrize("enrich_copies", [True, False])
@pytest.mark.parametrize("published", ["unique", "all"])
def test_settings_reach_the_stages_that_decide_on_copies(enrich_copies: bool, published: Published) -> None:
    example = schema_dir() / "examples" / "valid" / "news.article.internal.v1" / "classified.json"
    article = decode_article(example.read_bytes())
    assert article.verdict is not None
    copy = replace(article.verdict, kind="near")
    settings = DedupSettings.model_construct(enrich_copies=enrich_copies, published=published)
    dedupe, publish = (
        build_stages([name], subjects=FAST_SUBJECTS, dedup=settings)[0] for name in ("dedupe", "publish")
    )
    (judged,) = dedupe.judge([article], [copy])  # type: ignore[union-attr]  # `dedupe` has the other protocol
    assert isinstance(judged, Emit) == enrich_copies
    (done,) = publish.process([replace(article, verdict=copy)])  # type: ignore[union-attr]
    assert isinstance(done, Emit) == (published == "all")


@pytest.mark.parametrize("names", [("translate",), ("ingest", "classify"), ()])
def test_other_chains_are_wrong_configuration(names: tuple[Any, ...]) -> None:
    with pytest.raises(ConfigError, match="stage"):
        build_chain(names, subjects=FAST_SUBJECTS)


def test_all_versions_are_known_whatever_stages_run() -> None:
    found = versions(FAST_SUBJECTS)
    assert found.pipeline == __version__
    assert found.language
    assert found.subjects
    assert found.taxonomy


def test_models_are_loaded_once() -> None:
    first, second = (build_stages(["detect-language", "classify"], subjects=FAST_SUBJECTS) for _ in range(2))
    assert vars(first[0])["_model"] is vars(second[0])["_model"]
    assert vars(first[1])["_classifier"] is vars(second[1])["_classifier"]


def test_the_version_of_subjects_says_what_decides_on_them() -> None:
    plain = versions(FAST_SUBJECTS).subjects
    assert plain == f"fast+{FastReader.shipped_version()}+{Calibration.load().version}"
    assert versions(SubjectSettings(reader="fast", floor=0.3)).subjects == f"{plain}+floor=0.3"
    assert versions(SubjectSettings(reader="fast", reliable=0.9)).subjects == f"{plain}+reliable=0.9"
    assert versions(SubjectSettings(reader="fast", threads=2)).subjects == plain


@pytest.mark.parametrize("reader", ["encoder", "cascade"])
@pytest.mark.parametrize("stage", ["dedupe", "classify", "publish"])
def test_missing_weights_are_a_wrong_configuration(
    reader: ReaderChoice, stage: StageName, tmp_path: Path, encoder_in: EncoderIn
) -> None:
    encoder_in(tmp_path)
    with pytest.raises(ConfigError, match=r"news-pipeline-models.*NEWS_SUBJECTS__READER=fast"):
        build_stages([stage], subjects=SubjectSettings(reader=reader))
    assert build_stages(["ingest", "detect-language"], subjects=SubjectSettings(reader=reader))
    assert installed_versions()["subjects-encoder"] == "not installed"


def test_a_command_ends_with_the_code_of_a_wrong_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], encoder_in: EncoderIn
) -> None:
    encoder_in(tmp_path)
    monkeypatch.setenv("NEWS_SUBJECTS__READER", "encoder")
    articles = tmp_path / "a.jsonl"
    articles.write_text("{}\n")
    assert run_command(["run", "--input", str(articles), "--output", str(tmp_path / "b.jsonl")]) == ExitCode.CONFIG
    assert "NEWS_SUBJECTS__READER=fast" in capsys.readouterr().err


def test_the_encoder_is_built_and_named(tmp_path: Path, encoder_in: EncoderIn) -> None:
    encoder_in(small_encoder(tmp_path, positions=EncoderParams().max_tokens))
    settings = SubjectSettings(reader="encoder", vector=True)
    (stage,) = build_stages(["classify"], subjects=settings)
    assert stage.name == "classify"
    assert versions(settings).subjects == f"encoder+small+{Calibration.load().version}+vector"
    fast = FastReader.shipped_version()
    assert versions(SubjectSettings()).subjects == f"cascade+{fast}+small+{Calibration.load().version}"
    assert installed_versions()["subjects-encoder"] == "small"


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
