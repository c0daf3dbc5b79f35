"""The fold as a state machine: replays, origins, time and expiry, versions, refused records."""

import pytest
from msgspec.structs import replace

from pipeline.dedup.fold import FOLD_VERSION, Fold, FoldParams
from pipeline.dedup.signature.signing import SIGNATURE_VERSION
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, Void
from pipeline.errors import FatalError
from tests.harness.folding import DAY_MS, Make, apply


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


def test_the_newest_verdict_of_an_origin_is_found_without_the_article(make: Make) -> None:
    fold, origin = Fold(), Origin("", 0, 5)
    assert fold.newest_at(origin) is None
    verdicts = [apply(fold, make(name, name, at=at, origin=origin)) for at, name in enumerate(("x", "y"))]
    assert fold.newest_at(origin) == (verdicts[1], 1)
    assert fold.newest_at(Origin("backfill-", 0, 5)) is None


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


def test_everything_expires_with_the_exact_window(make: Make) -> None:
    fold = Fold()
    first = make("a", "text", at=0)
    apply(fold, first)
    assert apply(fold, make("b", "text", at=7 * DAY_MS)).kind == "exact"
    assert apply(fold, make("c", "text", at=7 * DAY_MS + 1)).kind == "unique"
    assert fold.verdict_of(first.origin, first.article_id) is None
    assert len(fold) == 2


def test_a_repeat_keeps_the_revision_that_passed_beyond_the_window(make: Make) -> None:
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


def test_times_and_hashes_out_of_range_are_stored(make: Make) -> None:
    fold = Fold()
    signature = make("a", "x", at=0, observed=-(1 << 80), text_hash=b"odd", sketch=b"odd", shingles=1 << 50)
    first = apply(fold, signature)
    assert apply(fold, signature) == first


def test_stats_count_the_window(make: Make) -> None:
    fold = Fold()
    assert fold.stats().time_ms is None
    apply(fold, make("a", "text", at=4))
    stats = fold.stats()
    assert (stats.records, stats.time_ms) == (1, 4)


def test_parameters_are_kept() -> None:
    params = FoldParams(near_window_secs=60, exact_window_secs=120)
    assert Fold(params).params == params
