import pytest

from pipeline.domain.stage import STAGES, StageName
from pipeline.offline.funnel import Funnel
from pipeline.stages.counts import StageCounts


def counts(**changes: StageCounts) -> dict[StageName, StageCounts]:
    """Return the counts of one dead letter, one near-duplicate and one enriched article."""
    usual: dict[StageName, StageCounts] = {
        "ingest": StageCounts(3, 2, {}, {"invalid_url": 1}),
        "dedupe": StageCounts(2, 1, {"near": 1}, {}),
        "detect-language": StageCounts(1, 1, {}, {}),
        "classify": StageCounts(1, 1, {}, {}),
        "publish": StageCounts(1, 1, {}, {}),
    }
    for name in STAGES:
        usual[name] = changes.get(name.replace("-", "_"), usual[name])
    return usual


def funnel(raw: int = 3, /, **changes: StageCounts) -> Funnel:
    made = Funnel()
    made.read(raw)
    made.event("news.article.enriched.v1")
    made.duplicate("near")
    made.dead_letter("invalid_url")
    made.stages(counts(**changes))
    return made


def test_a_funnel_that_adds_up() -> None:
    made = funnel()
    made.check()
    report = made.report()
    assert {name: report[name] for name in report if name != "stages"} == {
        "raw": 3,
        "enriched": 1,
        "revised": 0,
        "retracted": 0,
        "duplicates": {"near": 1},
        "dead_letters": {"invalid_url": 1},
    }
    assert list(report["stages"]) == list(STAGES)
    assert report["stages"]["dedupe"] == {"consumed": 2, "emitted": 1, "dropped": {"near": 1}, "rejected": {}}


def test_an_empty_run_adds_up() -> None:
    Funnel().check()


def test_a_lost_record_is_found() -> None:
    with pytest.raises(RuntimeError, match="4 raw records came to 3 ends"):
        funnel(4).check()


@pytest.mark.parametrize(
    "changes",
    [
        {"ingest": StageCounts(3, 3, {}, {"invalid_url": 1})},
        {"dedupe": StageCounts(1, 1, {}, {})},
        {"publish": StageCounts(1, 0, {}, {})},
    ],
)
def test_stages_that_do_not_add_up_are_found(changes: dict[str, StageCounts]) -> None:
    with pytest.raises(RuntimeError, match="do not add up"):
        funnel(**changes).check()


def test_an_event_that_was_not_written_is_found() -> None:
    made = Funnel()
    made.read(1)
    made.dead_letter("unexpected")
    made.stages({name: StageCounts(1, 1, {}, {}) for name in STAGES})
    with pytest.raises(RuntimeError, match="1 emitted, 0 written"):
        made.check()
