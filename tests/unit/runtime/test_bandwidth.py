"""The limit of one transaction over a slow network: halved while it is too much, forgotten after a time."""

import pytest

from pipeline.errors import FatalError, SlowNetworkError
from pipeline.runtime.bandwidth import Bandwidth, BandwidthParams


def test_there_is_no_limit_until_an_attempt_has_failed() -> None:
    assert Bandwidth().most_bytes is None


def test_the_measured_rate_counts_and_half_of_what_failed() -> None:
    bandwidth = Bandwidth(clock=lambda: 0.0)
    for measured, expected in ((5_000_000, 5_000_000), (4_000_000, 2_500_000), (200_000, 200_000), (1, 65_536)):
        bandwidth.was_slow(SlowNetworkError(1.0, measured))
        assert bandwidth.most_bytes == expected
    with pytest.raises(FatalError, match="NEWS_TRANSACTION_TIMEOUT_MS"):
        bandwidth.was_slow(SlowNetworkError(1.0, 1))


def test_after_a_time_the_whole_is_tried_again() -> None:
    now = 0.0
    bandwidth = Bandwidth(lambda: now, BandwidthParams(slow_secs=10.0))
    bandwidth.was_slow(SlowNetworkError(1.0, 100_000))
    now = 9.0
    assert bandwidth.most_bytes == 100_000
    now = 11.0
    assert bandwidth.most_bytes is None
