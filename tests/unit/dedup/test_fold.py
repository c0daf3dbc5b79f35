"""Verdicts that need no similarity: replays, repeats, revisions, exact copies, retractions, voids, expiry."""

from collections.abc import Callable
from hashlib import blake2b, sha256

import msgspec
import pytest
from msgspec.structs import replace

from pipeline.dedup.fold import FOLD_VERSION, Fold, FoldParams
from pipeline.dedup.signature.signing import SIGNATURE_VERSION
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, Signature, Void
from pipeline.domain.verdict import Verdict
from pipeline.errors import FatalError

Make = Callable[..., Signature]
DAY_MS = 24 * 3600 * 1000


def apply(fold: Fold, signature: Signature) -> Verdict:
    verdict = fold.apply(signature, signature.ingested_at_ms)
    assert verdict is not None
    return verdict


def test_the_first_article_is_unique_and_founds_a_cluster(make: Make) -> None:
    verdict = apply(Fold(), make("a", "text", at=5))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("unique", 1, None)
    assert (verdict.cluster_id, verdict.canonical_id, verdict.canonical_at_ms) == ("c-a", "a", 5)
    assert (verdict.method, verdict.matched_id, verdict.syndicated) == ("new", None, False)


def test_the_same_origin_gets_its_verdict_again_and_changes_nothing(make: Make) -> None:
    fold = Fold()
    signature = make("a", "text")
    first = apply(fold, signature)
    apply(fold, make("b", "other"))
    before = b"".join(fold.snapshot())
    assert apply(fold, signature) == first == fold.verdict_of(signature.origin, signature.article_id)
    assert b"".join(fold.snapshot()) == before


def test_an_unknown_origin_has_no_verdict() -> None:
    assert Fold().verdict_of(Origin("", 0, 0), ArticleId("a")) is None


def test_lanes_are_part_of_an_origin(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text", origin=Origin("", 0, 1)))
    assert fold.verdict_of(Origin("backfill-", 0, 1), ArticleId("a")) is None


def test_another_article_from_a_known_origin_is_judged_by_itself(make: Make) -> None:
    """A raw topic was created again, or copied to a Kafka cluster with other offsets."""
    fold, adopting, origin = Fold(), Fold(), Origin("", 0, 5)
    former, other, again = (make(name, name, at=at, origin=origin) for at, name in enumerate(("x", "y", "x")))
    verdicts = [apply(fold, signature) for signature in (former, other, again)]
    assert [(verdict.article_id, verdict.kind) for verdict in verdicts] == [
        ("x", "unique"),
        ("y", "unique"),
        ("x", "unique"),
    ]
    assert fold.verdict_of(origin, ArticleId("y")) == verdicts[1]
    adopting.adopt_all([(former, verdicts[0], 0), (other, verdicts[1], 1), (again, verdicts[2], 2)])
    assert b"".join(adopting.snapshot()) == b"".join(fold.snapshot())
    fold.apply(Void(article_id=other.article_id, origin=origin), 3)
    assert apply(fold, make("z", "x", at=4)).kind == "exact"  # the void is for `y`, so `x` is still canonical


def test_the_same_content_fetched_again_is_a_repeat(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text", at=1))
    verdict = apply(fold, make("a", "text", at=2))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("repeat", 1, 1)
    assert (verdict.canonical_id, verdict.matched_id, verdict.canonical_at_ms) == ("a", "a", 1)


def test_new_content_is_a_revision(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=1))
    verdict = apply(fold, make("a", "two", at=2))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("revision", 2, 1)
    assert (verdict.change_class, verdict.cluster_id, verdict.canonical_id) == ("material", "c-a", "a")


def test_a_new_headline_alone_is_cosmetic(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text", headline="one"))
    assert apply(fold, make("a", "text", headline="two")).change_class == "cosmetic"


def test_back_to_an_earlier_content_is_reverted(make: Make) -> None:
    fold = Fold()
    for content in ("one", "two"):
        apply(fold, make("a", content))
    verdict = apply(fold, make("a", "one"))
    assert (verdict.kind, verdict.revision, verdict.change_class) == ("revision", 3, "reverted")


def test_a_version_seen_before_the_newest_is_stale(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=10, observed=1))
    apply(fold, make("a", "three", at=11, observed=9))
    verdict = apply(fold, make("a", "two", at=12, observed=5))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("stale", 2, 2)
    assert apply(fold, make("a", "four", at=13, observed=12)).revision == 3


@pytest.mark.parametrize("text", ["one", "an old draft"])
def test_a_stale_version_stays_stale_however_often_it_comes(make: Make, text: str) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=10, observed=1))
    apply(fold, make("a", "two", at=11, observed=9))
    verdicts = [apply(fold, make("a", text, at=20 + again, observed=2)) for again in range(200)]
    assert {(verdict.kind, verdict.revision, verdict.canonical_id) for verdict in verdicts} == {("stale", 2, "a")}


def test_a_page_that_was_fetched_again_and_again_is_still_compared_with_its_last_version(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=10))
    for again in range(200):
        apply(fold, make("a", "one", at=20 + again))
    verdict = apply(fold, make("a", "one", headline="new", at=300))
    assert (verdict.kind, verdict.change_class, verdict.revision) == ("revision", "cosmetic", 2)


def test_an_article_is_never_a_copy_of_itself(make: Make) -> None:
    fold = Fold(FoldParams(history_rows=8))
    apply(fold, make("a", "one", at=10, observed=1))
    apply(fold, make("a", "two", at=11, observed=9))
    verdicts = [apply(fold, make("a", "one", at=20 + again, observed=2)) for again in range(20)]
    assert "exact" not in {verdict.kind for verdict in verdicts}


def test_a_fetcher_from_the_future_does_not_make_the_rest_stale(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=10, observed=10 * DAY_MS))
    assert apply(fold, make("a", "two", at=20)).kind == "revision"


def test_the_same_text_under_another_id_is_an_exact_copy(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text", at=1, headline="theirs"))
    verdict = apply(fold, make("b", "text", at=2, headline="ours", agency="AFP"))
    assert (verdict.kind, verdict.method, verdict.score, verdict.threshold) == ("exact", "text_hash", 1.0, 1.0)
    assert (verdict.canonical_id, verdict.matched_id, verdict.canonical_at_ms) == ("a", "a", 1)
    assert (verdict.cluster_id, verdict.revision, verdict.window_secs) == ("c-a", 1, 7 * 24 * 3600)
    assert (verdict.syndicated, verdict.matched_source) == (True, "a.example")
    assert (verdict.source, verdict.agency) == ("b.example", "AFP")


def test_a_copy_within_one_source_is_not_syndicated(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text", source="s"))
    assert not apply(fold, make("b", "text", source="s")).syndicated


def test_copies_of_copies_link_to_the_first(make: Make) -> None:
    fold = Fold()
    for article in "abcd":
        verdict = apply(fold, make(article, "text"))
    assert verdict.canonical_id == "a"


def test_short_texts_are_copies_only_with_the_same_headline(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "Read more", headline="one", shingles=2))
    assert apply(fold, make("b", "Read more", headline="two", shingles=2)).kind == "unique"
    verdict = apply(fold, make("c", "Read more", headline="two", shingles=2))
    assert (verdict.kind, verdict.method, verdict.canonical_id) == ("exact", "content_hash", "b")


def test_a_short_text_that_many_have_under_other_headlines_still_has_its_copies(make: Make) -> None:
    fold = Fold()
    for number in range(100):
        apply(fold, make(f"a{number}", "Subscribe to read", headline=f"H{number}", shingles=3))
    restored = Fold().restored(b"".join(fold.snapshot()))
    copy = make("copy", "Subscribe to read", headline="H0", shingles=3)
    for known in (fold, restored):
        verdict = apply(known, copy)
        assert (verdict.kind, verdict.method, verdict.canonical_id) == ("exact", "content_hash", "a0")


def test_empty_bodies_are_never_copies(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "", headline="same"))
    assert apply(fold, make("b", "", headline="same")).kind == "unique"


def test_signatures_of_other_versions_are_not_compared(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    assert apply(fold, make("b", "text", version=2)).kind == "unique"


def test_an_old_version_of_a_revised_article_still_finds_its_canonical(make: Make) -> None:
    fold = Fold()
    for content in ("one", "two"):
        apply(fold, make("a", content))
    assert apply(fold, make("b", "one")).canonical_id == "a"


def test_a_duplicate_that_changes_into_something_new_passes_as_unique(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    apply(fold, make("b", "text"))
    verdict = apply(fold, make("b", "own words"))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("unique", 2, None)


def test_a_duplicate_that_stays_a_duplicate_is_held_back_again(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    apply(fold, make("c", "more"))
    apply(fold, make("b", "text"))
    assert apply(fold, make("b", "text")).kind == "repeat"
    verdict = apply(fold, make("b", "more"))
    assert (verdict.kind, verdict.canonical_id, verdict.revision) == ("exact", "c", 2)


def test_a_retraction_passes_and_takes_the_canonical_out_of_the_index(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    apply(fold, make("b", "text"))
    verdict = apply(fold, make("a", "", action="retract"))
    assert (verdict.kind, verdict.revision, verdict.supersedes, verdict.cluster_id) == ("retraction", 2, 1, "c-a")
    assert apply(fold, make("c", "text")).kind == "unique"
    assert apply(fold, make("b", "text")).canonical_id == "c"


def test_a_second_retraction_is_a_repeat_however_often_it_comes(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    kinds = [apply(fold, make("a", "", action="retract")).kind for _ in range(140)]
    assert kinds == ["retraction"] + ["repeat"] * 139


def test_a_retraction_of_an_older_version_is_stale(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=10, observed=1))
    apply(fold, make("a", "two", at=11, observed=9))
    verdict = apply(fold, make("a", "", at=12, observed=5, action="retract"))
    assert (verdict.kind, verdict.revision, verdict.passes) == ("stale", 2, False)
    assert apply(fold, make("a", "", at=13, observed=10, action="retract")).kind == "retraction"


def test_a_republication_after_a_retraction_is_a_revision(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    apply(fold, make("a", "", action="retract"))
    verdict = apply(fold, make("a", "text"))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("revision", 3, 2)
    assert apply(fold, make("b", "text")).canonical_id == "a"


def test_retracting_what_never_passed_is_unknown(make: Make) -> None:
    fold = Fold()
    assert apply(fold, make("x", "", action="retract")).kind == "unknown_article"
    apply(fold, make("a", "text"))
    apply(fold, make("b", "text"))
    assert apply(fold, make("b", "", action="retract")).kind == "unknown_article"
    assert apply(fold, make("x", "own words")).kind == "unique"


def test_a_void_lets_the_next_copy_become_canonical(make: Make) -> None:
    fold = Fold()
    lost = make("a", "text")
    apply(fold, lost)
    assert fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0) is None
    assert apply(fold, make("b", "text")).kind == "unique"
    assert apply(fold, make("c", "text")).canonical_id == "b"


def test_after_a_void_the_same_article_passes_when_it_comes_again(make: Make) -> None:
    fold = Fold()
    lost = make("a", "text")
    apply(fold, lost)
    assert apply(fold, make("a", "text")).kind == "repeat"
    fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0)
    verdict = apply(fold, make("a", "text"))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("unique", 2, None)


def test_a_copy_held_back_for_a_voided_article_passes_when_it_comes_again(make: Make) -> None:
    fold = Fold()
    lost = make("a", "text")
    apply(fold, lost)
    apply(fold, make("b", "text"))
    fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0)
    assert apply(fold, make("b", "text")).kind == "unique"


def test_a_voided_revision_is_not_superseded(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one"))
    lost = make("a", "two")
    apply(fold, lost)
    fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0)
    verdict = apply(fold, make("a", "three"))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("revision", 3, 1)


def test_a_voided_retraction_leaves_the_article_canonical(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    lost = make("a", "", action="retract")
    apply(fold, lost)
    fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0)
    assert apply(fold, make("b", "text")).canonical_id == "a"


def test_a_void_of_an_unknown_origin_changes_nothing(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    before = b"".join(fold.snapshot())
    fold.apply(Void(article_id=make("z", "z").article_id, origin=Origin("", 9, 9)), 0)
    assert b"".join(fold.snapshot()) == before


def test_everything_expires_with_the_exact_window(make: Make) -> None:
    fold = Fold()
    first = make("a", "text", at=0)
    apply(fold, first)
    assert apply(fold, make("b", "text", at=7 * DAY_MS)).kind == "exact"
    assert apply(fold, make("c", "text", at=7 * DAY_MS + 1)).kind == "unique"
    assert fold.verdict_of(first.origin, first.article_id) is None
    assert len(fold) == 2


def test_a_repeat_carries_what_passed_over_the_end_of_the_window(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=0))
    apply(fold, make("a", "one", at=6 * DAY_MS))
    verdict = apply(fold, make("a", "two", at=8 * DAY_MS))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("revision", 2, 1)


def test_one_wrong_clock_cannot_expire_the_window(make: Make) -> None:
    fold = Fold()
    fold.apply(make("a", "text", at=0), 0)
    fold.apply(make("x", "other", at=100 * DAY_MS), 1)
    verdict = fold.apply(make("b", "text", at=2), 2)
    assert verdict is not None
    assert verdict.kind == "exact"


def test_an_undated_article_of_a_backfill_does_not_move_time(make: Make) -> None:
    fold, adopting = Fold(), Fold()
    today = 2000 * DAY_MS
    undated = make("u", "undated", at=today, undated=True)
    log = [make("first", "no time yet", at=today, undated=True), make("a", "text", at=DAY_MS), undated]
    verdicts = [fold.apply(signature, today) for signature in log]
    assert fold.stats().time_ms == DAY_MS
    copy = fold.apply(make("b", "text", at=DAY_MS + 1), today)
    assert copy is not None
    assert copy.kind == "exact"
    assert apply(fold, make("v", "undated", at=DAY_MS + 2)).canonical_id == "u"
    for signature, verdict in zip(log, verdicts, strict=True):
        assert verdict is not None
        adopting.adopt_all([(signature, verdict, today)])
    assert adopting.stats().time_ms == DAY_MS
    apply(fold, make("c", "later", at=9 * DAY_MS))
    assert fold.verdict_of(undated.origin, undated.article_id) is None


def test_activating_this_version_is_fine_and_any_other_is_fatal() -> None:
    fold = Fold()
    assert fold.apply(Activate(fold_version=FOLD_VERSION, signature_version=SIGNATURE_VERSION), 0) is None
    with pytest.raises(FatalError, match="fold 99"):
        fold.apply(Activate(fold_version=99, signature_version=SIGNATURE_VERSION), 0)
    with pytest.raises(FatalError, match="signature 99"):
        fold.apply(Activate(fold_version=FOLD_VERSION, signature_version=99), 0)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": Origin("", -1, 0)},
        {"origin": Origin("", 0, 1 << 70)},
        {"version": 0},
    ],
)
def test_impossible_numbers_change_nothing(make: Make, change: dict[str, object]) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    before = b"".join(fold.snapshot())
    with pytest.raises(ValueError, match="out of range"):
        fold.apply(replace(make("b", "text"), **change), 0)
    assert b"".join(fold.snapshot()) == before


def test_absurd_times_and_hashes_are_survived(make: Make) -> None:
    fold = Fold()
    signature = make("a", "x", at=0, observed=-(1 << 80), text_hash=b"odd", sketch=b"odd", shingles=1 << 50)
    first = apply(fold, signature)
    assert apply(fold, signature) == first


def test_adopting_leaves_the_state_that_applying_leaves(make: Make) -> None:
    live, adopting = Fold(), Fold()
    lost = make("v", "voided", at=3)
    signatures = [
        make("a", "text", at=0),
        make("b", "text", at=1),
        make("a", "text two", at=2),
        lost,
        make("a", "", at=4, action="retract"),
        make("c", "text", at=5),
    ]
    for signature in signatures:
        adopting.adopt_all([(signature, apply(live, signature), signature.ingested_at_ms)])
    for fold in (live, adopting):
        fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 6)
    assert b"".join(live.snapshot()) == b"".join(adopting.snapshot())


def test_adopting_twice_changes_nothing(make: Make) -> None:
    fold = Fold()
    signature = make("a", "text")
    verdict = apply(fold, signature)
    before = b"".join(fold.snapshot())
    fold.adopt_all([(signature, verdict, 99)])
    assert b"".join(fold.snapshot()) == before


def test_a_signature_is_adopted_again_only_after_the_window(make: Make) -> None:
    for gap_ms in (7 * DAY_MS, 7 * DAY_MS + 1):
        live, adopting = Fold(), Fold()
        first, other = make("a", "text", at=0), make("b", "other", at=gap_ms)
        log = [first, other, first]
        entries = []
        for signature in log:
            verdict = live.apply(signature, gap_ms)
            assert verdict is not None
            entries.append((signature, verdict, gap_ms))
        adopting.adopt_all(entries)
        assert len(live) == len(adopting) == 2
        assert b"".join(adopting.snapshot()) == b"".join(live.snapshot())


def test_a_verdict_on_another_article_cannot_be_adopted(make: Make) -> None:
    verdict = apply(Fold(), make("a", "text"))
    with pytest.raises(ValueError, match="does not belong"):
        Fold().adopt_all([(make("b", "text"), verdict, 0)])


def test_a_recorded_verdict_wins_over_what_would_be_computed(make: Make) -> None:
    signature = make("b", "text")
    recorded = replace(apply(Fold(), signature), kind="unique", flags=("of_old",), fold_version=7)
    fold = Fold(later={7: FoldParams()})
    apply(fold, make("a", "text"))
    fold.adopt_all([(signature, recorded, 0)])
    assert fold.verdict_of(signature.origin, signature.article_id) == recorded


def test_stats_count_the_window(make: Make) -> None:
    fold = Fold()
    assert fold.stats().time_ms is None
    apply(fold, make("a", "text", at=4))
    stats = fold.stats()
    assert (stats.records, stats.time_ms) == (1, 4)


def test_an_empty_fold_can_be_restored(make: Make) -> None:
    restored = Fold().restored(b"".join(Fold().snapshot()))
    assert len(restored) == 0
    assert apply(restored, make("a", "text")).kind == "unique"


def test_parameters_are_kept() -> None:
    params = FoldParams(near_window_secs=60, exact_window_secs=120)
    assert Fold(params).params == params


def _fold_with_every_part(make: Make) -> Fold:
    fold = Fold()
    for article, text in (("a", "one"), ("b" * 32, "two"), ("c", "one"), ("a", "three")):
        apply(fold, make(article, text, at=1, agency="AFP", sketch=bytes(range(256))))
    return fold


def test_snapshots_keep_their_format(make: Make) -> None:
    """A failure here means that releases cannot read each other's snapshots: raise the format instead."""
    digest, size, head, *body = map(bytes, _fold_with_every_part(make).snapshot())
    assert digest == blake2b(head, digest_size=16).digest()
    assert int.from_bytes(size, "big") == len(head)
    fields = msgspec.msgpack.decode(head, strict=False)
    assert list(fields) == ["format", "versions", "active", "time_ms", "names", "rows", "details", "digest"]
    assert (fields["format"], fields["rows"], fields["details"]) == (2, 4, len(body[2]))
    assert sha256(b"".join(body)).hexdigest()[:32] == "5216b624ad957e4f4b0344a12d8f6309"


def test_a_snapshot_with_another_head_is_of_another_version(make: Make) -> None:
    _, _, head, *body = map(bytes, _fold_with_every_part(make).snapshot())
    fields = msgspec.msgpack.decode(head, strict=False)
    renamed = {name + "_": value for name, value in fields.items()}
    for changed in (fields | {"format": 3}, renamed):
        other = msgspec.msgpack.encode(changed)
        data = [blake2b(other, digest_size=16).digest(), len(other).to_bytes(8, "big"), other, *body]
        with pytest.raises(ValueError, match="another version"):
            Fold().restored(b"".join(data))
