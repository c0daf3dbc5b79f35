"""For any history, the compacted states are what a consumer of all events and duplicates has."""

import orjson
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipeline.domain.events import Published
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES, StageName
from pipeline.wire.output import OutputRecord
from pipeline.wire.partitioner import partitions
from pipeline.wire.raw import raw_key
from tests.harness.chain_services import Services
from tests.harness.standing_articles import StandingArticles, compacted

ENRICHED, DUPLICATES, CURRENT = (f"news.articles.{name}.v1" for name in ("enriched", "duplicates", "current"))
HOUR_MS, BEGAN_MS = 3_600_000, 1_790_000_000_000
SITES = ("first", "second", "third", "fourth")
CUTS: list[list[tuple[StageName, ...]]] = [[STAGES], [STAGES[:2], STAGES[2:]]]
DOOMED = "Lost on the way"
WORDS = [
    f"{place}{number} tells of {number * 31} boats, {place} harbours and the {number * 7 + 3} nets that were mended"
    for place, number in zip(("north", "south", "inland", "upper"), range(4), strict=True)
]
TEXTS = [
    ". ".join(f"{line} in year {year}" for year in range(1900 + 9 * n, 1912 + 9 * n)) for n, line in enumerate(WORDS)
]


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Draw raw records of few URLs with few texts, retractions, old versions, long pauses and articles that fail."""
    records: list[Record] = []
    now = BEGAN_MS
    for offset in range(draw(st.integers(1, 22))):
        now += draw(st.sampled_from((1, 1, 1, 30, 100, 200))) * HOUR_MS  # windows are 72 and 168 hours
        url = f"https://{draw(st.sampled_from(SITES))}.example/a"
        retracts = draw(st.integers(0, 3)) == 0
        changed = draw(st.sampled_from(("", "", " Corrected.")))
        content = {} if retracts else {"title": "Boats", "text": TEXTS[draw(st.integers(0, 3))] + changed}
        if not retracts and draw(st.integers(0, 9)) == 0:
            content["title"] = DOOMED
        observed = now - draw(st.sampled_from((0, 0, 0, 2, 250))) * HOUR_MS
        value = orjson.dumps(
            {"url": url, "action": "retract" if retracts else "publish", "fetched_at": observed // 1000, **content}
        )
        key = (raw_key(value, ()) or "").encode()
        records.append(Record("news.articles.raw.v1", partitions([key], 4)[0], offset, now, key, value))
    return records


def _written(
    history: list[Record], cut: list[tuple[StageName, ...]], published: Published, *, enrich_copies: bool
) -> list[OutputRecord]:
    services = Services(cut, enrich_copies=enrich_copies, published=published, doomed=DOOMED)
    written = []
    for record in history:
        made = services.records([record])
        services.apply_voids(made)
        written += made
    return written


@pytest.mark.parametrize("cut", CUTS, ids=["one service", "two services"])
@pytest.mark.parametrize("published", ["unique", "all"])
@settings(max_examples=25, deadline=None, phases=(Phase.reuse, Phase.generate))  # shrinking texts takes minutes
@given(histories(), st.booleans())
def test_the_compacted_states_are_what_a_consumer_of_everything_has(
    cut: list[tuple[StageName, ...]], published: Published, history: list[Record], enrich_copies: bool
) -> None:
    written = _written(history, cut, published, enrich_copies=enrich_copies)
    everything, events_alone = StandingArticles(), StandingArticles()
    for topic, readers in ((ENRICHED, (everything, events_alone)), (DUPLICATES, (everything,))):
        for record in written:
            if record.topic == topic:
                for reader in readers:
                    reader.apply(dict(record.headers), record.value or b"")  # type: ignore[arg-type]  # no null headers
    states = compacted([(record.key, record.value) for record in written if record.topic == CURRENT])
    assert states == everything.values
    # Who reads events alone has no less, and every article that stands as it stands.
    assert states.items() <= events_alone.values.items()
