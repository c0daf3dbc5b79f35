"""Tells articles that were made from one template, or show one notice, from copies: by headlines, names and numbers.

A noisy copy has errors everywhere alike. Articles from one template differ in their names, numbers and headlines, and
hardly anywhere else.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import log
from typing import Final

from pipeline.dedup.changes import bits_changed, names_changed, words_changed, words_surely_changed
from pipeline.dedup.near import Match
from pipeline.dedup.params import FoldParams
from pipeline.dedup.signature.facts import NAME_BITS, NUMERIC_FROM, Facts, unpack_facts

__all__ = [
    "are_other_reports",
    "differ_at_one_source",
    "differ_by_details",
    "has_own_text",
    "is_shared_passage",
    "is_suspicious",
    "is_unsupported",
    "number_differs",
    "read_facts",
    "show_a_notice",
    "tell_of_others",
]

_FULL: Final = 255
_WORDS_OF_A_SHINGLE: Final = 3
_MENTIONS: Final = 2
"""How often a text mentions a name, on average."""

read_facts = lru_cache(maxsize=1024)(unpack_facts)


def is_shared_passage(match: Match, matches: Sequence[Match], params: FoldParams) -> bool:
    """Return whether a text shares with an article only a passage that other articles contain too.

    A copy contains the whole article, or is contained in it, or is noisy and then resembles other articles far less.
    If two texts share only a part, and one of them shares about as much with a third article, the part is a shared
    passage.
    """
    return _is_part(match, params) and any(
        other.row.id != match.row.id and _is_part(other, params) and other.score >= params.shared_alike * match.score
        for other in matches
    )


def _is_part(match: Match, params: FoldParams) -> bool:
    """Return whether neither text contains nearly all of the other."""
    return max(match.covered, match.covers) < params.whole_from


def is_suspicious(facts: Facts, params: FoldParams) -> bool:
    """Return whether a headline has hardly anything to do with the text below it, or has a number."""
    return is_unsupported(facts, params) or _has_number(facts)


def show_a_notice(old: Facts, new: Facts, params: FoldParams) -> bool:
    """Return whether two articles with a common text differ in their headlines, and neither headline fits the text.

    The text is then what a site shows instead of articles.
    """
    unsupported = is_unsupported(old, params) and is_unsupported(new, params)
    return unsupported and _shared(old.headline, new.headline) < params.headline_shared_below


def number_differs(old: Facts, new: Facts) -> bool:
    """Return whether two headlines have different numbers."""
    before, now = (Counter(word for word in facts.headline if word >= NUMERIC_FROM) for facts in (old, new))
    return bool(before - now) and bool(now - before)


def differ_at_one_source(old: Facts, new: Facts, params: FoldParams) -> bool:
    """Return whether two articles of one source with nearly the same text are different articles.

    They are if their headlines differ, other than by an addition without a number or a negation; if names differ on
    both sides; or if more than a word of the text was replaced by another one.
    """
    if not _headlines_agree(old, new):
        return True
    if old.text_hash == new.text_hash:
        return False
    if min(words_surely_changed(old, new)) > params.most_replaced:
        return True
    return old.names_hash != new.names_hash and min(names_changed(old, new)) > 0


def differ_by_details(old: Facts, new: Facts, match: Match, params: FoldParams) -> bool:
    """Return whether the names and numbers of two texts differ far more than the rest of them.

    If noise made the difference, each name would differ with the probability that any word does, which the similarity
    tells, and of the words that were replaced, as many would be names as in the whole text. The probability of so many
    differences is at most exp(-n * divergence) (Chernoff, 1952); one of the two must be small.
    """
    if old.words_hash == new.words_hash:
        return False
    came, went = _details_changed(old, new)
    replaced = min(came, went)
    if not replaced:
        return False
    intact = max(match.covered, match.covers) ** (1 / _WORDS_OF_A_SHINGLE)
    by_chance = max(1 - intact, params.least_noise)
    details = [facts.name_count + facts.number_bits.bit_count() for facts in (old, new)]
    of_details = min(_evidence(went, details[0], by_chance), _evidence(came, details[1], by_chance))
    words = min(words_changed(old, new))
    share = _MENTIONS * max(details) / max(min(old.words, new.words), 1)
    of_words = _evidence(replaced, max(words, replaced), min(share, 1.0))
    return max(of_details, of_words) >= params.details_evidence


def tell_of_others(old: Facts, new: Facts, params: FoldParams, *, numbers_differ: bool) -> bool:
    """Return whether two texts differ in names and numbers and in little else, and their headlines in some of these.

    Texts from one template do, wherever they appear. A copy with a mended name, another dateline or errors does not:
    either its headline has the same names, or more than names are different. `numbers_differ` says whether the bodies
    have different numbers; those of headlines alone do not count.
    """
    if not _details_only(old, new, params):
        return False
    before, now = set(old.headline), set(new.headline)
    sides = (now - before, new, old), (before - now, old, new)
    return all(_names_one(*side) or (numbers_differ and _numbers_one(*side)) for side in sides)


def are_other_reports(old: Facts, new: Facts, match: Match, params: FoldParams) -> bool:
    """Return whether two articles of one source with much text in common report different events.

    The text is the same below another number; or they differ in names and numbers and in little else; or they have
    nearly all of their text in common, and one headline is negated, or words of the text were replaced, and words of
    the headline: few of them, or no more than of the text, as where both have the word that makes the difference.
    """
    if old.words_hash == new.words_hash:
        return number_differs(old, new)
    if _details_only(old, new, params):
        return True
    if min(match.covered, match.covers) < params.whole_from:
        return False
    if old.headline_negations != new.headline_negations:
        return True
    added, removed = words_surely_changed(old, new)
    if min(added, removed) < params.details_share * max(added, removed, 1):
        return False
    before, now = Counter(old.headline), Counter(new.headline)
    came, went = (now - before).total(), (before - now).total()
    few = _shared(old.headline, new.headline) >= params.headline_shared_below
    return came > 0 and went > 0 and (few or (came <= added and went <= removed))


def has_own_text(old: Facts, new: Facts, params: FoldParams) -> bool:
    """Return whether many of a text's names and words are its own, so that the other lacks text of it, not noise.

    In scripts in which few names are known, texts of which much is their own are not told from noisy copies.
    """
    if old.names_hash == new.names_hash:
        return False
    came = min(names_changed(old, new)[0], words_surely_changed(old, new)[0])
    if came < max(params.own_names_least, params.own_names_from * new.name_count):
        return False
    return sum(words_changed(old, new)) >= params.own_words_from * (old.words + new.words)


def _details_changed(old: Facts, new: Facts) -> tuple[int, int]:
    """Return how many names and numbers a text gained and lost."""
    added, removed = words_surely_changed(old, new)
    names = names_changed(old, new) if old.names_hash != new.names_hash else (0, 0)
    digits = bits_changed(old.number_bits, new.number_bits) if old.number_bits != new.number_bits else (0, 0)
    # No more names can come than words: a word that was taken for a name only in one text has not come.
    return min(names[0] + digits[0], added), min(names[1] + digits[1], removed)


def _details_only(old: Facts, new: Facts, params: FoldParams) -> bool:
    """Return whether names or numbers were replaced, and are a large share of all words that changed."""
    details = min(_details_changed(old, new))
    return details > 0 and details >= params.details_share * max(words_changed(old, new))


def _names_one(words: set[int], own: Facts, other: Facts) -> bool:
    """Return whether one of some words of a headline is a name that only its own text has."""
    names = own.name_bits & ~other.name_bits
    return any(word < NUMERIC_FROM and names >> word % NAME_BITS & 1 for word in words)


def _numbers_one(words: set[int], own: Facts, other: Facts) -> bool:
    """Return whether some words of a headline contain a number, and its text has one that the other lacks."""
    return own.number_bits & ~other.number_bits > 0 and any(word >= NUMERIC_FROM for word in words)


def _evidence(count: int, most: int, by_chance: float) -> float:
    """Return minus the logarithm of the bound on the probability of so many differences."""
    if not most:
        return 0.0
    share = min(count / most, 1.0)
    if share <= by_chance:
        return 0.0
    rest = (1 - share) * log((1 - share) / (1 - by_chance)) if share < 1 else 0.0
    return most * (share * log(share / by_chance) + rest)


def is_unsupported(facts: Facts, params: FoldParams) -> bool:
    """Return whether a headline has hardly anything to do with the text below it."""
    enough = len(facts.headline) >= params.headline_least
    return enough and facts.support < params.unsupported_below * _FULL


def _has_number(facts: Facts) -> bool:
    return bool(facts.headline) and facts.headline[-1] >= NUMERIC_FROM


def _shared(old: bytes, new: bytes) -> float:
    """Return the share of the shorter headline's words that the other has too."""
    shorter = min(len(old), len(new))
    return (Counter(old) & Counter(new)).total() / shorter if shorter else 1.0


def _headlines_agree(old: Facts, new: Facts) -> bool:
    if not old.headline or not new.headline or old.headline_hash == new.headline_hash:
        return True
    before, now = Counter(old.headline), Counter(new.headline)
    came, went = now - before, before - now
    if (came and went) or old.headline_negations != new.headline_negations:
        return False
    return all(word < NUMERIC_FROM for word in came | went)
