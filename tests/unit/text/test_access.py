"""Who can read an article."""

from pipeline.text.access import find_access


def test_what_is_shown_counts_more_than_what_is_stated() -> None:
    assert find_access({"paywall_stub"}, is_free=True) == "paywalled"
    assert find_access({"paywalled"}) == "paywalled"
    assert find_access(set(), is_free=True) == "free"
    assert find_access(set(), is_free=False, headline="A dock") is None  # `paywalled` is the flag of that
    assert find_access(set(), headline="【会員限定】港の将来", is_free=True) == "paywalled"
    assert find_access(set(), section="Subscribers only") == "paywalled"
    assert find_access(set(), headline="Premium fuel gets dearer", section="Cars") is None
