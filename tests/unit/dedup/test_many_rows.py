"""An article with many rows is judged by their columns as it is row by row, and at a cost that does not grow."""

import random
import time
from collections.abc import Iterator

import pytest

from pipeline.dedup import article_history
from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS, FoldParams
from pipeline.domain.ids import ArticleId
from pipeline.domain.signature import Signature, Void
from pipeline.domain.verdict import Verdict
from tests.harness.folding import DAY_MS, Make


def _crowd(make: Make, seed: int) -> Iterator[Signature | Void]:
    """Yield records of two articles: mostly repeats and stale versions, among them versions, retractions and voids."""
    choice = random.Random(seed)
    at = 10
    content = "one"
    signature = make("a", content, at=at)
    for place in range(350):
        at += choice.choice((1, 1, 60_000, DAY_MS // 50))
        kind = choice.random()
        if kind < 0.03:
            content = choice.choice(("one", "two", "three words", "four"))
        if kind > 0.985:
            yield Void(article_id=ArticleId(signature.article_id), origin=signature.origin)
            continue
        action = "retract" if place == 200 else "publish"
        if place == 200:
            kind = 0.5
        observed = at - choice.choice((0, 0, 0, 5, 100_000))
        name = "a" if choice.random() < 0.9 else "b"
        signature = make(name, "an old draft" if kind > 0.9 else content, at=at, observed=observed, action=action)
        yield signature


def _fold(records: list[Signature | Void], params: FoldParams) -> list[Verdict | None]:
    fold, found, at = Fold(params), [], 0
    for record in records:
        at = record.ingested_at_ms if isinstance(record, Signature) else at
        found.append(fold.apply(record, at))
    return found


@pytest.mark.parametrize("version", FOLD_VERSIONS)
@pytest.mark.parametrize("seed", range(2))
def test_columns_decide_as_rows_do(make: Make, monkeypatch: pytest.MonkeyPatch, version: int, seed: int) -> None:
    records = list(_crowd(make, seed))
    params = FOLD_VERSIONS[version]
    many = _fold(records, params)
    with monkeypatch.context() as changed:
        changed.setattr(article_history, "_FEW", len(records))
        assert _fold(records, params) == many
    kinds = {verdict.kind for verdict in many if verdict is not None}
    assert kinds >= {"repeat", "stale", "revision", "retraction"}


def test_the_bound_of_rows_holds_for_columns_too(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it, the last version is not known any more; what is left of the rows says the same."""
    records = list(_crowd(make, 9))
    params = FoldParams(history_rows=90, history_depth=7, exact_window_secs=4 * 24 * 3600)
    many = _fold(records, params)
    monkeypatch.setattr(article_history, "_FEW", len(records))
    assert _fold(records, params) == many


def test_repeats_do_not_cost_more_the_more_there_are(make: Make) -> None:
    """The ratio of later and first repeats; it was more than 15 when each read all those before it one by one."""
    fold = Fold()
    signatures = [make("a", "text", at=place) for place in range(1800)]

    def seconds(start: int, count: int) -> float:
        pairs = [(one, one.ingested_at_ms) for one in signatures[start : start + count]]
        begin = time.process_time()
        assert len(list(fold.apply_all(pairs))) == count
        return time.process_time() - begin

    seconds(0, 50)
    few = min(seconds(start, 50) for start in (50, 100))
    seconds(150, 1500)
    assert min(seconds(start, 50) for start in (1650, 1700, 1750)) < 6 * few
