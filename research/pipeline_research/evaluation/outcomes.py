"""Counts of the answers of methods that recognise copies."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

__all__ = ["OutcomeCounts", "summed"]


class OutcomeCounts(Struct):
    """Counts of the answers of a method for texts of one kind."""

    cases: int = 0
    right: int = 0
    """Copies whose original was found, and other texts that were let through."""
    wrong: int = 0
    """Texts that the method considers copies of an article of which they are not."""

    @property
    def share_right(self) -> float:
        """Of copies the recall; of other texts the share that was let through."""
        return self.right / self.cases

    @property
    def precision(self) -> float:
        """Share of right answers among the found ones; 1 when nothing was found."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / (self.right + self.wrong + self.cases)


def summed(outcomes: Sequence[tuple[str, OutcomeCounts]]) -> dict[str, OutcomeCounts]:
    """Return the sums of counts by name, in the order of the first occurrence."""
    rows: defaultdict[str, OutcomeCounts] = defaultdict(OutcomeCounts)
    for name, outcome in outcomes:
        row = rows[name]
        row.cases += outcome.cases
        row.right += outcome.right
        row.wrong += outcome.wrong
    return dict(rows)
