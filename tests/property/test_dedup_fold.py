"""Properties of the fold for any log: restarts, replays, links, revisions."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.fold import Fold, FoldParams
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import Verdict, key_of

PARAMS: Final = FoldParams(near_window_secs=40, exact_window_secs=100)
_STORIES: Final = np.random.default_rng(7).integers(0, 65536, (6, 128), dtype=np.uint16)
Entry = tuple[LogRecord, int]
T = TypeVar("T")


def _sketch(story: int, variant: int) -> bytes:
    """Return the sketch of a variant of a story; the higher the variant, the less it shares with variant 0."""
    values = _STORIES[story].copy()
    values[: variant * 18] = np.random.default_rng(story * 10 + variant).integers(0, 65536, variant * 18)
    return bytes(values.astype("<u2").tobytes())


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """Draw a log: versions of few articles on few stories, retractions, voids, and records that are appended twice."""
    entries: list[Entry] = []
    signatures: list[Signature] = []
    now = 0
    for offset in range(draw(st.integers(1, 25))):
        now += draw(st.sampled_from((0, 1, 3, 15, 30))) * 1000
        choice = draw(st.integers(0, 11))
        if signatures and choice == 0:
            entries.append((draw(st.sampled_from(signatures)), now))
            continue
        if signatures and choice == 1:
            lost = draw(st.sampled_from(signatures))
            entries.append((Void(article_id=lost.article_id, origin=lost.origin), now))
            continue
        story, variant = draw(st.integers(0, 5)), draw(st.integers(0, 5))
        retract = choice == 2
        text = b"" if retract else bytes([story, variant]) * 8
        signature = Signature(
            version=1,
            article_id=ArticleId(draw(st.sampled_from(("a", "b", "c", "d", "0123456789abcdef" * 2)))),
            origin=Origin("", offset % 3, offset),
            action="retract" if retract else "publish",
            content_hash=text or bytes(15) + b"r",
            text_hash=text,
            source=draw(st.sampled_from(("s1", "s2", ""))),
            ingested_at_ms=now + draw(st.sampled_from((0, 0, 0, -20_000, 500_000))),
            observed_at_ms=now + draw(st.sampled_from((0, 0, -5_000, 10**9))),
            sketch=b"" if retract else _sketch(story, variant),
            numbers_hash=bytes([draw(st.integers(0, 1))]) * 8,
            shingles=0 if retract else draw(st.sampled_from((10, 100, 160))),
        )
        signatures.append(signature)
        entries.append((signature, now))
    return entries


def _state(fold: Fold) -> bytes:
    return b"".join(fold.snapshot())


def _run(fold: Fold, entries: Sequence[Entry]) -> list[Verdict | None]:
    return [fold.apply(record, at) for record, at in entries]


@settings(max_examples=60, deadline=None)
@given(logs())
def test_the_same_log_gives_the_same_verdicts_and_state(entries: list[Entry]) -> None:
    one, two = Fold(PARAMS), Fold(PARAMS)
    assert _run(one, entries) == _run(two, entries)
    assert _state(one) == _state(two)


def _cut(data: st.DataObject, entries: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a log into batches of any size."""
    start = 0
    while start < len(entries):
        end = start + data.draw(st.integers(1, 12))
        yield entries[start:end]
        start = end


@settings(max_examples=100, deadline=None)
@given(logs(), st.data())
def test_any_batches_give_the_verdicts_and_state_of_one_by_one(entries: list[Entry], data: st.DataObject) -> None:
    one, many = Fold(PARAMS), Fold(PARAMS)
    batched = [verdict for batch in _cut(data, entries) for verdict in many.apply_all(batch)]
    assert batched == _run(one, entries)
    assert _state(many) == _state(one)


@settings(max_examples=100, deadline=None)
@given(logs(), st.data())
def test_adopting_many_gives_the_state_of_adopting_one_by_one(entries: list[Entry], data: st.DataObject) -> None:
    live, one, many = Fold(PARAMS), Fold(PARAMS), Fold(PARAMS)
    pairs: list[tuple[Signature, Verdict, int]] = []
    for record, at in entries:
        verdict = live.apply(record, at)
        if isinstance(record, Signature) and verdict is not None:
            one.adopt_all([(record, verdict, at)])
            pairs.append((record, verdict, at))
        else:
            for batch in _cut(data, pairs):
                many.adopt_all(batch)
            pairs = []
            one.apply(record, at)
            many.apply(record, at)
    for batch in _cut(data, pairs):
        many.adopt_all(batch)
    assert _state(many) == _state(one) == _state(live)


@settings(max_examples=60, deadline=None)
@given(logs(), logs(), st.data())
def test_another_version_in_force_is_part_of_the_state(
    before: list[Entry], after: list[Entry], data: st.DataObject
) -> None:
    """Batches, snapshots and recorded verdicts agree across a switch, and verdicts contain their fold version."""
    lenient = FoldParams(near_window_secs=40, exact_window_secs=100, near_from=0.2, near_least=0.1)
    entries: list[Entry] = [*before, (Activate(fold_version=2, signature_version=1), before[-1][1]), *after]
    live, batched = Fold(PARAMS, {2: lenient}), Fold(PARAMS, {2: lenient})
    verdicts = _run(live, entries)
    assert [verdict for batch in _cut(data, entries) for verdict in batched.apply_all(batch)] == verdicts
    restored = Fold(PARAMS, {2: lenient}).restored(_state(live))
    assert _state(batched) == _state(live) == _state(restored)
    assert restored.stats().version == 2
    truncated = Fold(PARAMS, {2: lenient})  # the control record was in the start of the log
    for (record, at), verdict in zip(after, verdicts[len(before) + 1 :], strict=True):
        if isinstance(record, Signature) and verdict is not None and verdict.fold_version == 2:
            truncated.adopt_all([(record, verdict, at)])
            assert truncated.stats().version == 2


@settings(max_examples=60, deadline=None)
@given(logs(), st.data())
def test_a_snapshot_anywhere_goes_on_as_the_live_fold(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    live = Fold(PARAMS)
    _run(live, entries[:cut])
    restored = Fold(PARAMS).restored(_state(live))
    assert _run(restored, entries[cut:]) == _run(live, entries[cut:])
    assert _state(restored) == _state(live)


@settings(max_examples=60, deadline=None)
@given(logs(), st.data())
def test_adopting_recorded_verdicts_gives_the_live_state(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    live, starting = Fold(PARAMS), Fold(PARAMS)
    for record, at in entries[:cut]:
        verdict = live.apply(record, at)
        recorded = data.draw(st.booleans())  # the others are lost with their worker
        if isinstance(record, Signature) and verdict is not None and recorded:
            starting.adopt_all([(record, verdict, at)])
        else:
            assert starting.apply(record, at) == verdict
    assert _state(starting) == _state(live)
    assert _run(starting, entries[cut:]) == _run(live, entries[cut:])


@settings(max_examples=60, deadline=None)
@given(logs(), logs())
def test_a_log_without_its_start_converges(before: list[Entry], after: list[Entry]) -> None:
    """Records before the window have no effect if the verdicts of the window are adopted."""
    shift = max(at for _, at in before) + 600_000
    later = [(_moved(record, shift), at + shift) for record, at in after]
    live = Fold(PARAMS)
    _run(live, before)
    truncated = Fold(PARAMS)
    for record, at in later:
        verdict = live.apply(record, at)
        if isinstance(record, Signature) and verdict is not None:
            truncated.adopt_all([(record, verdict, at)])
        else:
            truncated.apply(record, at)
    probe, _ = later[-1]
    assert _state(truncated) == _state(live)
    if isinstance(probe, Signature):
        assert truncated.verdict_of(*key_of(probe)) == live.verdict_of(*key_of(probe))


def _moved(record: LogRecord, shift: int) -> LogRecord:
    if isinstance(record, Signature):
        origin = Origin("", record.origin.partition, record.origin.offset + 1000)
        return Signature(
            **{
                **{name: getattr(record, name) for name in record.__struct_fields__},
                "origin": origin,
                "ingested_at_ms": record.ingested_at_ms + shift,
                "observed_at_ms": record.observed_at_ms + shift,
            }
        )
    if isinstance(record, Void):
        origin = Origin("", record.origin.partition, record.origin.offset + 1000)
        return Void(article_id=record.article_id, origin=origin)
    return record


@settings(max_examples=60, deadline=None)
@given(logs(), st.data())
def test_replays_anywhere_change_nothing(entries: list[Entry], data: st.DataObject) -> None:
    plain, repeated = Fold(PARAMS), Fold(PARAMS)
    seen: list[Entry] = []
    for record, at in entries:
        assert repeated.apply(record, at) == plain.apply(record, at)
        if isinstance(record, Signature):
            seen.append((record, at))
        often = data.draw(st.booleans())
        if seen and often:
            again, _ = seen[data.draw(st.integers(0, len(seen) - 1))]
            assert isinstance(again, Signature)
            known = repeated.verdict_of(*key_of(again))
            if known is not None:  # an expired origin is a new one
                assert repeated.apply(again, at) == known
    assert _state(repeated) == _state(plain)


@settings(max_examples=60, deadline=None)
@given(logs())
def test_links_and_revisions_are_sound(entries: list[Entry]) -> None:
    fold = Fold(PARAMS)
    passed: dict[str, list[Verdict]] = {}
    seen: set[Origin] = set()
    for record, at in entries:
        if not isinstance(record, Signature) or record.origin in seen:
            fold.apply(record, at)
            continue
        seen.add(record.origin)
        remembered = bool(len(fold))
        verdict = fold.apply(record, at)
        assert verdict is not None
        assert (verdict.origin, verdict.article_id) == (record.origin, record.article_id)
        if verdict.passes:
            assert verdict.canonical_id == verdict.article_id
            passed.setdefault(verdict.article_id, []).append(verdict)
        elif verdict.kind in {"exact", "near"}:
            # The canonical article was published; it is never a copy, and never the article itself.
            assert remembered
            assert verdict.canonical_id != verdict.article_id
            assert verdict.canonical_id in passed
        if verdict.kind in {"revision", "retraction"}:
            assert verdict.supersedes is not None
            assert verdict.supersedes < verdict.revision
        if verdict.score is not None and verdict.threshold is not None and verdict.kind in {"exact", "near", "related"}:
            assert verdict.score >= verdict.threshold
        for article in verdict.related:
            assert article in passed


@settings(max_examples=60, deadline=None)
@given(logs())
def test_within_a_window_no_two_that_pass_share_id_and_revision(entries: list[Entry]) -> None:
    fold = Fold(FoldParams(near_window_secs=40, exact_window_secs=10**6))
    verdicts = {verdict.origin: verdict for verdict in _run(fold, entries) if verdict is not None}
    passing = [(verdict.article_id, verdict.revision) for verdict in verdicts.values() if verdict.passes]
    assert len(passing) == len(set(passing))


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(8)))
def test_racing_copies_have_exactly_one_canonical(order: list[int]) -> None:
    fold = Fold(PARAMS)
    verdicts = []
    for worker in order:
        signature = Signature(
            version=1,
            article_id=ArticleId(f"a{worker}"),
            origin=Origin("", worker, 0),
            content_hash=bytes([worker + 1]) * 16,
            text_hash=b"t" * 16,
            sketch=_sketch(0, 0),
            shingles=200,
            ingested_at_ms=worker,
            observed_at_ms=worker,
        )
        verdict = fold.apply(signature, 100)
        assert verdict is not None
        verdicts.append(verdict)
    assert [verdict.passes for verdict in verdicts] == [True] + [False] * 7
    assert {verdict.canonical_id for verdict in verdicts} == {f"a{order[0]}"}
