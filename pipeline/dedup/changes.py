"""What a revision changed, from the facts of two versions of an article.

Up to about a dozen words, counts are exact with few exceptions. Larger ones are estimates: words are counted by class,
and a word that came can hide one of the same class that went. The difference of the two counts is exact.
"""

from collections import Counter
from typing import Final

from pipeline.dedup.signature.facts import CLASSES, Facts
from pipeline.domain.changes import Change, ChangedPart, ChangeLabel

__all__ = ["bits_changed", "changes_between", "labels_of", "names_changed", "words_changed", "words_surely_changed"]

_HALF: Final = 128
_UNCOUNTED_WORDS: Final = (1 << 16) - 1
_UNCOUNTED_NAMES: Final = 255
_EXACT: Final = CLASSES // 2
"""Up to so many changed words few have a class in common, so they are counted one by one."""

Counts = tuple[int, int]
"""Words added and removed."""


def changes_between(old: Facts, new: Facts, *, numbers_differ: bool) -> tuple[Change, ...]:
    """Return what differs between two versions.

    Args:
        old: The facts of the version before.
        new: The facts of the new version.
        numbers_differ: Whether the numbers of their bodies differ.
    """
    found: list[tuple[ChangedPart, Counts | None]] = [
        ("headline", _listed(old.headline, new.headline, moved=old.headline_hash != new.headline_hash)),
        ("standfirst", _listed(old.standfirst, new.standfirst)),
        ("body", None if old.text_hash == new.text_hash else words_changed(old, new)),
        ("names", None if old.names_hash == new.names_hash else names_changed(old, new)),
        ("numbers", _numbers(old, new, numbers_differ=numbers_differ)),
        ("negation", _negations(old, new)),
        ("dates", _listed(old.dates, new.dates)),
        ("authors", _listed(old.authors, new.authors)),
        ("withdrawn_notice", _flag(old.is_withdrawn, new.is_withdrawn)),
    ]
    return tuple(Change(part=part, added=counts[0], removed=counts[1]) for part, counts in found if counts is not None)


def labels_of(old: Facts, new: Facts, changed: tuple[Change, ...], *, is_reverted: bool) -> tuple[ChangeLabel, ...]:
    """Return what the new version states about itself, and what follows from what changed.

    A note that the version before had too states nothing new. `cosmetic` is a version without any other word.
    """
    labels: list[ChangeLabel] = []
    if Counter(new.corrections) - Counter(old.corrections):
        labels.append("correction")
    if Counter(new.updates) - Counter(old.updates):
        labels.append("update")
    if not changed and not labels:
        labels.append("cosmetic")
    if is_reverted:
        labels.append("reverted")
    return tuple(labels)


def words_changed(old: Facts, new: Facts) -> Counts:
    """Estimate how many words of the body were added and removed; (0, 0) if they are only in another order."""
    if old.words_hash == new.words_hash:
        return 0, 0
    steps = _steps(old, new)
    added, removed = words_surely_changed(old, new)
    if added + removed <= _EXACT:
        return (added, removed) if added or removed else (1, 1)
    total = added - removed
    if max(old.words, new.words) < _UNCOUNTED_WORDS:
        total = new.words - old.words
    # The squares of the differences add up to the number of words that came or went, if they are spread at random.
    mean = total / CLASSES
    spread = sum((step - mean) ** 2 for step in steps) * CLASSES / (CLASSES - 1)
    both = min(max(spread, abs(total), added + removed), old.words + new.words)
    return round((both + total) / 2), round((both - total) / 2)


def words_surely_changed(old: Facts, new: Facts) -> Counts:
    """Return how many words of the body were added and removed at least."""
    steps = _steps(old, new)
    return sum(step for step in steps if step > 0), -sum(step for step in steps if step < 0)


def _steps(old: Facts, new: Facts) -> list[int]:
    """Return how many more words of each class there are, which is known modulo 256."""
    return [(now - before + _HALF) % (2 * _HALF) - _HALF for before, now in zip(old.classes, new.classes, strict=True)]


def names_changed(old: Facts, new: Facts) -> Counts:
    """Estimate how many words of names were added and removed."""
    total = new.name_count - old.name_count if max(old.name_count, new.name_count) < _UNCOUNTED_NAMES else None
    return bits_changed(old.name_bits, new.name_bits, total)


def bits_changed(old: int, new: int, total: int | None = None) -> Counts:
    """Count the members that two sets of bits gained and lost, at least one; `total`, if known, is how many more."""
    came, went = (new & ~old).bit_count(), (old & ~new).bit_count()
    if total is not None:
        came, went = max(came, went + total), max(went, came - total)
    return (came, went) if came or went else (1, 1)


def _numbers(old: Facts, new: Facts, *, numbers_differ: bool) -> Counts | None:
    if not numbers_differ and old.number_bits == new.number_bits:
        return None
    return bits_changed(old.number_bits, new.number_bits)


def _negations(old: Facts, new: Facts) -> Counts | None:
    steps = (new.headline_negations - old.headline_negations, new.body_negations - old.body_negations)
    counts = sum(step for step in steps if step > 0), -sum(step for step in steps if step < 0)
    return counts if any(counts) else None


def _listed(old: bytes, new: bytes, *, moved: bool = False) -> Counts | None:
    before, now = Counter(old), Counter(new)
    counts = (now - before).total(), (before - now).total()
    return counts if any(counts) or moved else None


def _flag(old: bool, new: bool) -> Counts | None:
    return None if old == new else (int(new), int(old))
