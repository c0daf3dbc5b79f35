"""Finds the articles that a new one may belong to: by telling terms and by the bits of vectors, both bounded."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.codes import Codes
from pipeline.stories.features import Features
from pipeline.stories.params import StoryParams
from pipeline.stories.postings import Postings
from pipeline.stories.rows import Rows

__all__ = ["Candidates", "Coded"]

_NUMBER_BITS: Final = 40
"""Bits of a row's number in a sort key; above them are votes or distances."""
_NUMBERS: Final = (1 << _NUMBER_BITS) - 1

Numbers = NDArray[np.int64]
Coded = tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]
"""The code of a vector, the lists in which it is entered, and those in which it is looked up."""


class Candidates:
    """Two indexes of the rows of the window."""

    def __init__(self, rows: Rows, params: StoryParams) -> None:
        """Index these rows, which are entered one by one."""
        self._rows = rows
        self._params = params
        self.by_term = Postings(1 << params.posting_bits, params.posting_rows)
        self.by_vector = Postings(params.vector_tables << params.vector_bits, params.vector_rows)
        self.codes = Codes(params.vector_tables, params.vector_bits, params.vector_probes)
        self._mask = np.uint32((1 << params.posting_bits) - 1)

    def coded(self, features: Features) -> Coded | None:
        """Return where the vector of an article is entered and looked up; None without one."""
        return None if features.projected is None else self.codes.measured(features.projected)

    def enter(self, number: int, features: Features, coded: Coded | None) -> None:
        """Enter a row into both indexes."""
        lists = _distinct(features.hashes[: self._params.indexed_terms] & self._mask)
        self.by_term.add(lists, number)
        if coded is not None:
            self.by_vector.add(coded[1], number)

    def find(self, features: Features, coded: Coded | None) -> Numbers:
        """Return the numbers of rows to compare an article with, shape (rows,), without repetition, rising."""
        found = [self._by_terms(features)]
        if coded is not None and self._rows.dimensions == len(features.vector if features.vector is not None else ()):
            found.append(self._by_vector(coded))
        return _distinct(np.concatenate(found))

    def _by_terms(self, features: Features) -> Numbers:
        """Return the rows that share the most telling terms, the latest of equal ones."""
        hashes = features.hashes[: self._params.indexed_terms]
        entries = self.by_term.find(hashes & self._mask)
        votes = np.empty(entries.shape, dtype=np.int64)
        votes[:] = features.weights[: len(hashes), None]
        numbers = entries.ravel()
        live = numbers >= self._rows.first
        numbers = numbers[live]
        if not len(numbers):
            return numbers
        order = numbers.argsort()
        numbers = numbers[order]
        first = _first_of_equal(numbers)
        keys = np.add.reduceat(votes.ravel()[live][order], first.nonzero()[0])
        keys <<= _NUMBER_BITS
        keys += numbers[first]
        keys.sort()
        chosen: Numbers = keys[-self._params.candidate_rows :] & _NUMBERS
        return chosen

    def _by_vector(self, coded: Coded) -> Numbers:
        """Return the rows whose codes have most bits in common, the latest of equal ones."""
        entries = self.by_vector.find(coded[2]).ravel()
        numbers = _distinct(entries[entries >= self._rows.first])
        keys = np.bitwise_count(self._rows.codes_of(numbers) ^ coded[0]).sum(axis=1, dtype=np.int64)
        keys <<= _NUMBER_BITS
        keys += _NUMBERS - numbers
        keys.sort()
        chosen: Numbers = _NUMBERS - (keys[: self._params.near_codes] & _NUMBERS)
        return chosen


def _distinct(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return numbers without repetition, rising, as `np.unique` does in several times the time."""
    ordered = np.sort(numbers)
    return ordered[_first_of_equal(ordered)]


def _first_of_equal(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    first = np.empty(len(ordered), dtype=np.bool_)
    first[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first
