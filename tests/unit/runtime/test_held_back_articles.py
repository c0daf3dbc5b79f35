"""Copies, repeats and retractions of copies on their way through services, in every cut of the stages."""

import orjson
import pytest

from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES, StageName
from pipeline.wire.codec import decode_log_record
from pipeline.wire.partitioner import partitions
from pipeline.wire.raw import raw_key
from tests.harness.chain_services import Services

ENRICHED, DUPLICATES, CURRENT = (f"news.articles.{name}.v1" for name in ("enriched", "duplicates", "current"))
TEXT = "The ferry to the outer islands sails again since Monday, after engineers had changed its second engine. " * 4
CUTS: list[list[tuple[StageName, ...]]] = [
    [STAGES],
    [(stage,) for stage in STAGES],
    [STAGES[:2], STAGES[2:]],
    [STAGES[:1], STAGES[1:3], STAGES[3:]],
]


def _raw(site: str, offset: int, *, title: str = "Ferry sails", action: str = "publish", text: str = TEXT) -> Record:
    content = {"title": title, "text": text} if action == "publish" else {}
    value = orjson.dumps(
        {"url": f"https://{site}.example/a", "action": action, "tags": ["ferry"], "rights": {"use": site}} | content
    )
    key = (raw_key(value, ()) or "").encode()
    return Record("news.articles.raw.v1", partitions([key], 4)[0], offset, 1_790_000_000_000 + offset, key, value)


STORY = [
    _raw("first", 1),
    _raw("second", 2),
    _raw("second", 3),
    _raw("second", 4, action="retract"),
    _raw("third", 5, action="retract"),
]


@pytest.mark.parametrize("cut", CUTS)
def test_a_copy_has_language_subjects_and_all_else_in_every_cut(cut: list[tuple[StageName, ...]]) -> None:
    services = Services(cut)
    written = services.run(STORY)
    assert [value["dedup"]["kind"] for value in written[ENRICHED]] == ["unique"]
    copy, repeat, *ended = written[DUPLICATES]
    assert (copy["dedup"]["kind"], copy["language"]["tag"]) == ("exact", "nb")
    assert [subject["code"] for subject in copy["subjects"]] == ["medtop:04000000"]
    assert (copy["tags"], copy["rights"], bool(copy["summary"])) == (["ferry"], {"use": "second"}, True)
    assert (repeat["dedup"]["kind"], repeat["tags"]) == ("repeat", ["ferry"])
    assert not {"language", "subjects"} & repeat.keys()
    assert services.classify.read == 2
    assert all("language" not in value for value in ended)
    assert sum(len(written[topic]) for topic in (ENRICHED, DUPLICATES)) == len(STORY)


def test_every_cut_gives_the_same_bytes() -> None:
    found = []
    for cut in CUTS:
        services = Services(cut)
        services.run(STORY)
        records = [record for output in services.outputs for record, _ in output.records]
        found.append([(r.topic, r.value, r.headers) for r in records if r.topic in (ENRICHED, DUPLICATES)])
    assert all(records == found[0] for records in found)
    assert dict(found[0][1][2])["ce_source"] == b"/news-pipeline/publish"
    assert dict(found[0][1][2])["ce_language"] == b"nb"


@pytest.mark.parametrize("cut", CUTS)
def test_copies_that_are_not_enriched_are_held_back_at_once(cut: list[tuple[StageName, ...]]) -> None:
    services = Services(cut, enrich_copies=False)
    written = services.run(STORY)
    assert services.classify.read == 1
    assert len(written[DUPLICATES]) == len(STORY) - 1
    assert all("language" not in value and value.get("tags", []) in ([], ["ferry"]) for value in written[DUPLICATES])
    dropped = [output.counts["dedupe"].dropped for output in services.outputs if "dedupe" in output.counts]
    ended = 1  # the retraction of a copy follows that to `publish`, because it may end what that makes current
    assert [sum(counts.values()) for counts in dropped] == [len(STORY) - 1 - ended]


@pytest.mark.parametrize("cut", CUTS)
def test_all_can_be_published_and_is_once(cut: list[tuple[StageName, ...]]) -> None:
    written = Services(cut, published="all").run(STORY)
    assert [value["dedup"]["kind"] for value in written[ENRICHED]][:2] == ["unique", "exact"]
    assert "repeat" in [value["dedup"]["kind"] for value in written[DUPLICATES]]
    assert sum(len(written[topic]) for topic in (ENRICHED, DUPLICATES)) == len(STORY)


@pytest.mark.parametrize("cut", CUTS)
def test_a_copy_that_dies_later_takes_itself_away_and_not_its_canonical(cut: list[tuple[StageName, ...]]) -> None:
    services = Services(cut, doomed="Ferry leaves")
    copy = _raw("second", 2, title="Ferry leaves")
    written = services.run([_raw("first", 1), copy])
    (void,) = written["news.signatures.v1"]
    assert (void["type"], void["origin"][2]) == ("void", 2)
    (letter,) = written["news.dlq.classify.v1"]
    assert letter.get("id", void["article_id"]) == void["article_id"]
    assert DUPLICATES not in written
    (lost,) = [record for record in written["news.verdicts.v1"] if record["type"] == "void"]
    assert lost["verdict"]["kind"] == "exact"
    services.fold.apply(decode_log_record(orjson.dumps(void)), 0)
    later = services.run([_raw("third", 3)])[DUPLICATES]
    first = written[ENRICHED][0]["id"]
    assert [value["dedup"]["canonical_id"] for value in later] == [first]


@pytest.mark.parametrize("cut", CUTS)
def test_a_repeat_that_dies_later_voids_nothing(cut: list[tuple[StageName, ...]]) -> None:
    services = Services(cut)
    services.run([_raw("first", 1)])
    services.classify.doomed = "Ferry sails"
    written = services.run([_raw("first", 2)])
    assert len(written["news.dlq.classify.v1"]) == 1
    assert "news.signatures.v1" not in written
    assert [record["type"] for record in written["news.verdicts.v1"]] == ["verdict"]
