"""The samples through `run`: the output agrees with samples/expected.json in every detail that it names."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import cramjam
import pytest

from pipeline.cli.app import run_command
from pipeline.models.subjects.encoder import EncoderParams
from tests.conftest import EncoderIn
from tests.harness.small_encoder import small_encoder

ROOT = Path(__file__).resolve().parents[2]
ARTICLES = ROOT / "samples" / "articles"
SEED = ROOT.parent / "shared" / "seed"

EXPECTED: list[dict[str, Any]] = json.loads((ROOT / "samples" / "expected.json").read_text("utf-8"))
OUTPUTS = ("output", "duplicates", "clusters", "dead_letters")


def lines(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    elif path.suffix == ".zst":
        data = bytes(cramjam.zstd.decompress(data))
    return [json.loads(line) for line in data.splitlines()]


def run(directory: Path, *inputs: Path, suffix: str = ".jsonl") -> dict[str, Path]:
    paths = {name: directory / f"{name}{suffix}" for name in OUTPUTS}
    options = [word for name, path in paths.items() for word in (f"--{name.replace('_', '-')}", str(path))]
    assert run_command(["run", "--input", *map(str, inputs), *options]) == 0
    return paths


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return run(tmp_path_factory.mktemp("samples"), ARTICLES)


@pytest.fixture(scope="module")
def fates(outputs: dict[str, Path]) -> dict[int, dict[str, Any]]:
    """Return what became of every record, by its place in the input."""
    found: dict[int, dict[str, Any]] = {}
    for value in lines(outputs["output"]):
        kind = {"add": "enriched", "replace": "revised", "delete": "retracted"}[value["action"]]
        found[value["provenance"]["offset"]] = {
            "fate": kind,
            "language": value.get("language", {}).get("tag"),
            "changed": [change["part"] for change in value.get("changed", ())],
            "change_labels": value.get("change_labels"),
            "value": value,
        }
    for value in lines(outputs["duplicates"]):
        found[value["provenance"]["offset"]] = {"fate": "duplicate", "kind": value["dedup"]["kind"], "value": value}
    for value in lines(outputs["dead_letters"]):
        found[value["offset"]] = {"fate": "dead_letter", "reason": value["reason"], "value": value}
    return found


def test_the_samples_have_every_kind_and_many_languages() -> None:
    languages = {record["language"] for record in EXPECTED if "language" in record}
    assert len([record for record in EXPECTED if record["fate"] != "dead_letter"]) >= 60
    assert len(languages) >= 12
    assert {Path(record["file"]).suffix for record in EXPECTED} == {".jsonl", ".html", ".txt"}
    kinds = Counter(record.get("kind") or record["fate"] for record in EXPECTED)
    for kind in ("exact", "near", "repeat", "stale", "unknown_article", "revised", "retracted", "dead_letter"):
        assert kinds[kind] >= 1, kind


def test_nine_in_ten_events_with_a_text_have_a_subject(outputs: dict[str, Path]) -> None:
    texts = [value for value in lines(outputs["output"]) if value["action"] != "delete"]
    answered = [value["subjects"] for value in texts if "subjects" in value]
    assert len(answered) >= 0.9 * len(texts)
    assert all("subjects_reason" not in value for value in texts if "subjects" in value)
    assert all(value["subjects_reason"] for value in texts if "subjects" not in value)
    assert {subject["method"] for subjects in answered for subject in subjects} == {"fast"}
    for subjects in answered:
        confidences = [subject["confidence"] for subject in subjects]
        assert confidences == sorted(confidences, reverse=True)


def test_a_cascade_says_who_answered_and_adds_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder_in: EncoderIn
) -> None:
    (tmp_path / "weights").mkdir()
    encoder_in(small_encoder(tmp_path / "weights", positions=EncoderParams().max_tokens))
    monkeypatch.setenv("NEWS_SUBJECTS__READER", "cascade")
    values = lines(run(tmp_path, ARTICLES)["output"])
    methods = {subject["method"] for value in values for subject in value.get("subjects", ())}
    assert methods == {"fast", "encoder"}
    assert not any("vector" in value for value in values)

    monkeypatch.setenv("NEWS_SUBJECTS__VECTOR", "true")
    values = lines(run(tmp_path, ARTICLES)["output"])
    with_vector = [value for value in values if "vector" in value]
    assert len(with_vector) > len(values) / 2
    assert {value["vector"]["model"] for value in with_vector} == {"small"}
    # The small encoder does not know every script; the fast reader answers there.
    for value in values:
        method = "encoder" if "vector" in value else "fast"
        assert {subject["method"] for subject in value.get("subjects", ())} <= {method}
    assert not any("vector" in value for value in values if value["action"] == "delete")


def test_every_record_ends_once(outputs: dict[str, Path], fates: dict[int, dict[str, Any]]) -> None:
    assert sum(len(lines(path)) for name, path in outputs.items() if name != "clusters") == len(EXPECTED)
    assert sorted(fates) == list(range(len(EXPECTED)))


@pytest.mark.parametrize("place", range(len(EXPECTED)), ids=lambda place: f"{place}-{EXPECTED[place]['file'][9:]}")
def test_every_record_ends_as_expected(fates: dict[int, dict[str, Any]], place: int) -> None:
    expected = {
        name: value for name, value in EXPECTED[place].items() if name not in {"file", "line", "note", "copy_of"}
    }
    found = fates[place]
    assert {name: found.get(name) for name in expected} == expected


def test_copies_point_at_an_enriched_article(fates: dict[int, dict[str, Any]]) -> None:
    enriched = {found["value"]["id"] for found in fates.values() if found["fate"] == "enriched"}
    duplicates = [found["value"] for found in fates.values() if found["fate"] == "duplicate"]
    linked = [value for value in duplicates if value["dedup"]["kind"] != "unknown_article"]
    assert linked
    assert {value["dedup"]["canonical_id"] for value in linked} <= enriched


def test_pages_come_without_their_boilerplate(fates: dict[int, dict[str, Any]]) -> None:
    pages = [
        (record, fates[place]["value"]) for place, record in enumerate(EXPECTED) if record["file"].endswith(".html")
    ]
    assert pages
    for record, value in pages:
        page = (ROOT / "samples" / record["file"]).read_bytes()
        text = page.decode("windows-1251" if b"windows-1251" in page else "utf-8")
        assert value["headline"] in text
        assert value["headline"] not in value["body"]
        for boilerplate in ("ookie", "Cookie", "©", "newsletter", "(0)"):
            assert boilerplate not in value["body"], record["file"]


def test_clusters_agree_with_events_and_duplicates(outputs: dict[str, Path]) -> None:
    clusters = {value["cluster_id"]: value for value in lines(outputs["clusters"])}  # the last line counts
    members = {
        (name, member["article_id"]): member["role"]
        for name, value in clusters.items()
        for member in value.get("members", ())
    }
    for value in lines(outputs["duplicates"]):
        if value["dedup"]["kind"] in ("exact", "near"):
            assert members[value["dedup"]["cluster_id"], value["id"]] == "copy"
    latest = {value["id"]: value for value in lines(outputs["output"])}
    for value in latest.values():
        gone = value["action"] == "delete"
        assert ((value["dedup"]["cluster_id"], value["id"]) in members) is not gone
    assert sum(value["size"] for value in clusters.values()) == len(members)
    carried = [value for value in clusters.values() if value["publishers"]["count"] > 2]
    assert carried
    assert all(value["origins"]["count"] < value["publishers"]["count"] for value in carried)


def test_the_same_input_gives_the_same_bytes(outputs: dict[str, Path], tmp_path: Path) -> None:
    again = run(tmp_path, ARTICLES)
    assert {name: path.read_bytes() for name, path in again.items()} == {
        name: path.read_bytes() for name, path in outputs.items()
    }


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst"])
def test_outputs_are_compressed_by_suffix(outputs: dict[str, Path], tmp_path: Path, suffix: str) -> None:
    packed = run(tmp_path, ARTICLES, suffix=suffix)
    assert lines(packed["output"]) == lines(outputs["output"])


def test_the_funnel_adds_up(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, ARTICLES)
    funnel = json.loads(capfd.readouterr().err)
    ended = funnel["enriched"] + funnel["revised"] + funnel["retracted"]
    ended += sum(funnel["duplicates"].values()) + sum(funnel["dead_letters"].values())
    assert funnel["raw"] == ended == len(EXPECTED)
    for stage in funnel["stages"].values():
        held = sum(stage["dropped"].values()) + sum(stage["rejected"].values())
        assert stage["consumed"] == stage["emitted"] + held


@pytest.mark.skipif(not SEED.is_dir(), reason="../shared/seed is not there")
def test_the_seed_article(tmp_path: Path) -> None:
    (value,) = lines(run(tmp_path, SEED)["output"])
    assert value["language"]["tag"] == "ar"
    assert {"medtop:11000000", "medtop:16000000"} & {subject["code"] for subject in value["subjects"]}
    assert value["headline"].startswith("موقع أمريكي")
    assert value["headline"] not in value["body"]
    for heading in ("تمهيد الطريق للمصالحة", "وساطة في الشمال"):
        assert heading in value["body"]
    for boilerplate in ("التعليقات", "الأكثر قراءة", "أهم المواضيع", "أهم التصنيفات", "للاطلاع على التقرير"):
        assert boilerplate not in value["body"]
