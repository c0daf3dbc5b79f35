"""Properties of the fold for any log: restarts, replays, links, revisions."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.dedup.fold import Fold, FoldParams
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.dedup.signature.facts import pack_facts
from pipeline.domain.changes import ArticleFacts
from pipeline.domain.ids import ArticleId, article_of
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import Verdict, key_of

_WINDOWS: Final[dict[str, Any]] = {"near_window_secs": 40, "exact_window_secs": 100}
# Each test is run with the thresholds of every version of the fold, as the version that a log begins with.
VERSIONS: Final = [replace(params, **_WINDOWS) for params in FOLD_VERSIONS.values()]
_STORIES: Final = np.random.default_rng(7).integers(0, 65536, (6, 128), dtype=np.uint16)
_FACTS: Final = (
    b"",
    *(
        pack_facts(
            ArticleFacts(names=frozenset(names), corrections=("wrong",) * (len(names) % 2)),
            headline,
            "",
            "one two three four",
            (np.arange(start, start + 30, dtype=np.uint64) << np.uint64(32), np.arange(30) > limit),
        )
        for headline, names, start, limit in (
            ("four three two", ("ann", "kit", "marlow"), 0, 29),
            ("unlike everything else", ("robert", "tanner"), 3, 25),
            ("episode 40 of three", (), 17, 10),
            ("episode 66 of three", ("ann",), 0, 29),
        )
    ),
)
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
        choice = draw(st.integers(0, 13))
        if signatures and choice == 0:
            entries.append((draw(st.sampled_from(signatures)), now))
            continue
        if signatures and choice == 1:
            lost = draw(st.sampled_from(signatures))
            entries.append((Void(article_id=lost.article_id, origin=lost.origin), now))
            continue
        story, variant = draw(st.integers(0, 5)), draw(st.integers(0, 5))
        retract = choice in (2, 12, 13)
        text = b"" if retract else bytes([story, variant]) * 8
        signature = Signature(
            version=1,
            article_id=ArticleId(draw(st.sampled_from(("a", "b", "c", "d", "0123456789abcdef" * 2)))),
            origin=Origin("", offset % 3, offset),
            action="retract" if retract else "publish",
            content_hash=text or bytes(15) + b"r",
            text_hash=text,
            source=draw(st.sampled_from(("s1", "s2", ""))),
            declared_source=draw(st.sampled_from(("", "", "", "f1", "f2"))),
            published_at_ms=draw(st.sampled_from((None, now, max(0, now - 120_000)))),
            ingested_at_ms=now + draw(st.sampled_from((0, 0, 0, -20_000, 500_000))),
            observed_at_ms=now + draw(st.sampled_from((0, 0, -5_000, 10**9))),
            sketch=b"" if retract else _sketch(story, variant),
            numbers_hash=bytes([draw(st.integers(0, 1))]) * 8,
            shingles=0 if retract else draw(st.sampled_from((10, 100, 160))),
            facts=b"" if retract else draw(st.sampled_from(_FACTS)),
        )
        signatures.append(signature)
        entries.append((signature, now))
    return entries


def _state(fold: Fold) -> bytes:
    return b"".join(fold.snapshot())


def _run(fold: Fold, entries: Sequence[Entry]) -> list[Verdict | None]:
    return [fold.apply(record, at) for record, at in entries]


@settings(max_examples=60, deadline=None)
@given(logs(), st.sampled_from(VERSIONS))
def test_the_same_log_gives_the_same_verdicts_and_state(entries: list[Entry], params: FoldParams) -> None:
    one, two = Fold(params), Fold(params)
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
@given(logs(), st.data(), st.sampled_from(VERSIONS))
def test_any_batches_give_the_verdicts_and_state_of_one_by_one(
    entries: list[Entry], data: st.DataObject, params: FoldParams
) -> None:
    one, many = Fold(params), Fold(params)
    batched = [verdict for batch in _cut(data, entries) for verdict in many.apply_all(batch)]
    assert batched == _run(one, entries)
    assert _state(many) == _state(one)


@settings(max_examples=100, deadline=None)
@given(logs(), st.data(), st.sampled_from(VERSIONS))
def test_adopting_many_gives_the_state_of_adopting_one_by_one(
    entries: list[Entry], data: st.DataObject, params: FoldParams
) -> None:
    live, one, many = Fold(params), Fold(params), Fold(params)
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
    lenient = replace(VERSIONS[-1], near_from=0.2, near_least=0.1)
    entries: list[Entry] = [*before, (Activate(fold_version=2, signature_version=1), before[-1][1]), *after]
    live, batched = Fold(VERSIONS[0], {2: lenient}), Fold(VERSIONS[0], {2: lenient})
    verdicts = _run(live, entries)
    assert [verdict for batch in _cut(data, entries) for verdict in batched.apply_all(batch)] == verdicts
    restored = Fold(VERSIONS[0], {2: lenient}).restored(_state(live))
    assert _state(batched) == _state(live) == _state(restored)
    assert restored.stats().version == 2
    truncated = Fold(VERSIONS[0], {2: lenient})  # the control record was in the start of the log
    for (record, at), verdict in zip(after, verdicts[len(before) + 1 :], strict=True):
        if isinstance(record, Signature) and verdict is not None and verdict.fold_version == 2:
            truncated.adopt_all([(record, verdict, at)])
            assert truncated.stats().version == 2


@settings(max_examples=60, deadline=None)
@given(logs(), st.data(), st.sampled_from(VERSIONS))
def test_a_snapshot_anywhere_goes_on_as_the_live_fold(
    entries: list[Entry], data: st.DataObject, params: FoldParams
) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    live = Fold(params)
    _run(live, entries[:cut])
    restored = Fold(params).restored(_state(live))
    assert _run(restored, entries[cut:]) == _run(live, entries[cut:])
    assert _state(restored) == _state(live)


@settings(max_examples=60, deadline=None)
@given(logs(), st.data(), st.sampled_from(VERSIONS))
def test_adopting_recorded_verdicts_gives_the_live_state(
    entries: list[Entry], data: st.DataObject, params: FoldParams
) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    live, starting = Fold(params), Fold(params)
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
@given(logs(), logs(), st.sampled_from(VERSIONS))
def test_a_log_without_its_start_converges(before: list[Entry], after: list[Entry], params: FoldParams) -> None:
    """Records before the window have no effect if the verdicts of the window are adopted."""
    shift = max(at for _, at in before) + 600_000
    later = [(_moved(record, shift), at + shift) for record, at in after]
    live = Fold(params)
    _run(live, before)
    truncated = Fold(params)
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
@given(logs(), st.data(), st.sampled_from(VERSIONS))
def test_replays_anywhere_change_nothing(entries: list[Entry], data: st.DataObject, params: FoldParams) -> None:
    plain, repeated = Fold(params), Fold(params)
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
@given(logs(), st.sampled_from(VERSIONS))
def test_links_and_revisions_are_sound(entries: list[Entry], params: FoldParams) -> None:
    fold = Fold(params)
    passed: dict[str, list[Verdict]] = {}
    names: set[str] = set()
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
            assert article_of(verdict.canonical_id) == verdict.article_id
            passed.setdefault(verdict.article_id, []).append(verdict)
            names.add(verdict.canonical_id)
        if verdict.promotes is not None:  # a copy that is in the window; it counts as published from now on
            copy = fold.verdict_of(verdict.promotes.origin, verdict.promotes.article_id)
            assert copy is not None
            assert copy.kind in {"exact", "near"}
            assert copy.article_id != verdict.article_id
            names |= {copy.article_id, f"{copy.article_id}-{copy.revision}", *_names_of(passed, copy.article_id)}
        elif verdict.kind in {"exact", "near"}:
            # The canonical article was published; it is never a copy, and never the article itself.
            assert remembered
            assert article_of(verdict.canonical_id) != verdict.article_id
            assert verdict.canonical_id in names
        if verdict.kind in {"revision", "retraction"}:
            assert verdict.supersedes is not None
            assert verdict.supersedes < verdict.revision
        if verdict.score is not None and verdict.threshold is not None and verdict.kind in {"exact", "near", "related"}:
            assert verdict.score >= verdict.threshold
        for article in verdict.related:
            assert article in names


@settings(max_examples=60, deadline=None)
@given(logs(), st.sampled_from(VERSIONS))
def test_within_a_window_no_two_that_pass_share_id_and_revision(entries: list[Entry], params: FoldParams) -> None:
    fold = Fold(replace(params, exact_window_secs=10**6))
    verdicts = {verdict.origin: verdict for verdict in _run(fold, entries) if verdict is not None}
    passing = [(verdict.article_id, verdict.revision) for verdict in verdicts.values() if verdict.passes]
    assert len(passing) == len(set(passing))


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(8)), st.sampled_from(VERSIONS))
def test_racing_copies_have_exactly_one_canonical(order: list[int], params: FoldParams) -> None:
    fold = Fold(params)
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


def _names_of(passed: dict[str, list[Verdict]], article: str) -> set[str]:
    return {str(verdict.canonical_id) for verdict in passed.get(article, [])}


@settings(max_examples=100, deadline=None)
@given(logs())
def test_a_name_belongs_to_one_article_for_good(entries: list[Entry]) -> None:
    """Of the newest version of the fold: what links name is not another article later."""
    fold = Fold(replace(VERSIONS[-1], exact_window_secs=10**6))
    last: dict[str, str] = {}
    used: set[str] = set()
    seen: set[object] = set()
    for record, at in entries:
        if isinstance(record, Void):  # such an article was never published
            continue
        verdict = fold.apply(record, at)
        if verdict is None or not verdict.passes or key_of(verdict) in seen:
            continue
        seen.add(key_of(verdict))
        name, article = str(verdict.canonical_id), str(verdict.article_id)
        if "reused_url" in verdict.flags and last.get(article) != name:
            assert name not in used
        elif verdict.kind in {"revision", "retraction"}:
            assert name == last[article]
        last[article] = name
        used.add(name)


@settings(max_examples=100, deadline=None)
@given(logs())
def test_a_copy_that_is_chosen_is_published_when_its_record_comes_again(entries: list[Entry]) -> None:
    fold = Fold(VERSIONS[-1])
    signatures = {key_of(record): record for record, _ in entries if isinstance(record, Signature)}
    seen: set[object] = set()
    for number, (record, at) in enumerate(entries):
        verdict = fold.apply(record, at)
        if verdict is None or key_of(verdict) in seen:
            continue
        seen.add(key_of(verdict))
        if verdict.promotes is not None:
            copy = signatures[verdict.promotes.origin, verdict.promotes.article_id]
            again = replace(copy, origin=Origin("", 0, 10**6 + number), ingested_at_ms=at)
            published = fold.apply(again, at)
            assert published is not None
            assert published.kind == "promoted"
            assert published.article_id == copy.article_id
