"""A fold that was restored from a snapshot decides what the fold decides that read the whole log."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.domain.sketch import Sketch
from pipeline.stories.fold import Folded, Stories
from pipeline.stories.snapshot import pack, unpack
from pipeline.stories.view import describe
from tests.unit.stories.conftest import CUP, HOUR, QUAKE, QUAKE_TOO, SMALL, START, meaning, sketch, withdrawal

TEXTS = (QUAKE, QUAKE_TOO, CUP, "Cup final: Norbury Rovers and Eastcliff meet in the harbour", "Rain in Upper Tanby")


@st.composite
def logs(draw: st.DrawFn) -> list[Sketch]:
    """Logs of few articles that come, change and leave, over more than the window."""
    records: list[Sketch] = []
    revisions: dict[str, int] = {}
    at = START
    for _ in range(draw(st.integers(1, 25))):
        at += draw(st.integers(0, 12)) * HOUR
        article = f"a{draw(st.integers(0, 9))}"
        revision = revisions[article] = revisions.get(article, 0) + 1
        if draw(st.integers(0, 9)) == 0:
            records.append(withdrawal(article, at=at, revision=revision))
            continue
        subject = draw(st.integers(0, len(TEXTS) - 1))
        vector = draw(st.sampled_from([None, meaning(subject), meaning(subject, 1)]))
        of = draw(st.sampled_from([article, "a0"]))
        records.append(sketch(article, TEXTS[subject], at=at, revision=revision, vector=vector, of=of))
    return records


def _fold(stories: Stories, records: list[Sketch], start: int) -> list[Folded]:
    return [stories.apply(record, start + place, record.ingested_at_ms) for place, record in enumerate(records)]


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(logs(), st.integers(0, 25))
def test_scratch_is_snapshot(records: list[Sketch], cut: int) -> None:
    params = replace(SMALL, split_from=4, split_least=2, merge=300)
    scratch = Stories(params)
    cut = min(cut, len(records))
    _fold(scratch, records[:cut], 0)
    restored = unpack(b"".join(pack(scratch)), params, "")
    assert _fold(restored, records[cut:], cut) == _fold(scratch, records[cut:], cut)
    assert sorted(restored.table.open) == sorted(scratch.table.open)
    for key in scratch.table.open:
        assert describe(restored, key) == describe(scratch, key)
    assert b"".join(pack(restored)) == b"".join(pack(unpack(b"".join(pack(scratch)), params, "")))


def test_a_snapshot_that_is_damaged_or_of_others_is_refused() -> None:
    stories = Stories(SMALL)
    stories.apply(sketch("a", QUAKE, vector=meaning(1)), 0, START)
    image = b"".join(pack(stories))
    for damaged in (image[:-1] + bytes([image[-1] ^ 1]), image[:40] + b"x" + image[41:], image[:20]):
        with pytest.raises(ValueError, match="damaged"):
            unpack(damaged, SMALL, "")
    with pytest.raises(ValueError, match="other parameters"):
        unpack(image, replace(SMALL, join=1), "")
    with pytest.raises(ValueError, match="lane"):
        unpack(image, SMALL, "backfill")
