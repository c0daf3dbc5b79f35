"""The simulation of shards side by side: work is divided, and waits for what it depends on."""

from collections.abc import Mapping

import pytest

from benchmarks.sharding.schedule import Costs, Judged, seconds


def _costs(shards: int, **changes: float) -> Costs:
    fields: dict[str, float] = {"judged": 1.0, "message_secs": 0.0, "hop_secs": 0.0, "batch": 4} | changes
    return Costs(
        looked_up=(fields.pop("looked_up", 0.0),) * shards,
        committed=(0.0,) * shards,
        batch=int(fields.pop("batch")),
        **fields,
    )


def _log(homes: str, reads: Mapping[int, tuple[int, ...]] | None = None) -> list[Judged]:
    return [Judged(home=int(home), messages=1, reads=(reads or {}).get(place, ())) for place, home in enumerate(homes)]


def test_shards_judge_side_by_side() -> None:
    assert seconds(_log("0000"), _costs(1)) == pytest.approx(4.0)
    assert seconds(_log("0101"), _costs(2)) == pytest.approx(2.0)
    assert seconds(_log("0001"), _costs(2)) == pytest.approx(3.0)


def test_a_judgement_waits_for_the_rows_that_it_reads() -> None:
    chain = {1: (0,), 2: (1,), 3: (2,)}
    assert seconds(_log("0101", chain), _costs(2)) == pytest.approx(4.0)
    assert seconds(_log("0101", chain), _costs(2, hop_secs=0.5)) == pytest.approx(2 * 0.5 + 4.0 + 3 * 0.5)


def test_the_next_batch_is_looked_up_while_answers_are_on_their_way() -> None:
    slow = _costs(2, judged=0.0, looked_up=1.0, hop_secs=0.5, batch=1)
    assert seconds(_log("0101"), slow) == pytest.approx(4 * 1.0 + 2 * 0.5)


def test_messages_take_time_on_both_sides() -> None:
    assert seconds(_log("01"), _costs(2, judged=0.0, message_secs=1.0)) == pytest.approx(2.0)
    assert seconds([], _costs(2)) == 0.0
