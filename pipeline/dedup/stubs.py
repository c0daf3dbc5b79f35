"""Tells a stub of an article, such as the part before a paywall, from a new version of it."""

from collections import Counter

from pipeline.dedup.params import FoldParams
from pipeline.dedup.signature.facts import Facts

__all__ = ["is_stub_of"]


def is_stub_of(old: Facts, new: Facts, params: FoldParams) -> bool:
    """Return whether a version is only a part of the one before, and states nothing that readers have to know.

    A stub with other words in its headline, a number that the text did not have, a notice of withdrawal or a
    correction is a new version all the same.
    """
    if not new.is_stub or old.is_stub or new.words >= params.stub_below * old.words:
        return False
    if Counter(new.headline) - Counter(old.headline) or new.headline_negations != old.headline_negations:
        return False
    if new.number_bits & ~old.number_bits or (new.is_withdrawn and not old.is_withdrawn):
        return False
    return not (Counter(new.corrections) - Counter(old.corrections) or Counter(new.updates) - Counter(old.updates))
