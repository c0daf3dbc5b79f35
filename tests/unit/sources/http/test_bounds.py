"""Rates by key, and bytes held by all."""

from pipeline.sources.http.bounds import Budget, RateLimits


def test_a_key_sends_its_rate_on_average_and_saves_up_a_burst() -> None:
    limits = RateLimits(burst_secs=10)
    assert limits.take("a", 20, rate=2, now=0) == 0
    assert limits.take("a", 1, rate=2, now=0) == 0.5
    assert limits.take("b", 20, rate=2, now=0) == 0, "keys have buckets of their own"
    assert limits.take("a", 1, rate=2, now=0.5) == 0
    assert limits.take("a", 20, rate=2, now=5.5) == 5
    assert limits.take("a", 20, rate=2, now=10.5) == 0
    assert limits.take("a", 21, rate=2, now=1000.5) == 0, "more than a full bucket passes when it is full"
    assert limits.take("a", 1, rate=2, now=1000.5) == 1.0


def test_a_rate_below_one_lets_single_articles_pass() -> None:
    limits = RateLimits(burst_secs=1)
    assert limits.take("a", 1, rate=0.25, now=0) == 0
    assert limits.take("a", 1, rate=0.25, now=1) == 3


def test_a_budget_is_never_exceeded_and_comes_back() -> None:
    budget = Budget(100)
    with budget.share() as first, budget.share() as second:
        assert first.grow_to(60)
        assert first.grow_to(50)
        assert not second.grow_to(41)
        assert second.grow_to(40)
        assert budget.held_bytes == 100
        assert not first.grow_to(61)
    assert budget.held_bytes == 0
