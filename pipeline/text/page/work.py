"""Counts of the work that a page makes the parser do, and their limits."""

from pipeline.domain.outcome import Reject
from pipeline.text.page.markup import attributes_in
from pipeline.text.page.params import GuardParams
from pipeline.text.params import IngestParams

__all__ = ["TooMuchError", "Work"]


class TooMuchError(Exception):
    """Ends a count when a limit is passed."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.detail)
        self.reject = reject


class Work:
    """Adds up memory and steps."""

    def __init__(self, params: IngestParams, guard: GuardParams) -> None:
        """Begin with nothing counted.

        Args:
            params: The limits.
            guard: Weights of elements.
        """
        self._params = params
        self._guard = guard
        self._joined = 0
        self.rebuilt_bytes = 0
        self.steps = 0
        self.depth = 0

    def weight(self, attributes: int, chars: int) -> int:
        """Return the memory of one element with so many attributes, which take so many characters of the page."""
        guard = self._guard
        return guard.element_bytes + attributes * guard.attribute_bytes + chars * guard.char_bytes

    def check_attributes(self, attributes: str) -> None:
        """Check the attributes of a tag.

        Raises:
            TooMuchError: There are too many.
        """
        limit = self._params.max_attributes
        # An attribute and the space before it have at least two characters.
        if len(attributes) > 2 * limit and attributes_in(attributes) > limit:
            raise TooMuchError(Reject("time_limit", f"more than {limit} attributes in a tag"))

    def join_attributes(self, attributes: str) -> None:
        """Count attributes that are joined to those of an earlier tag.

        Raises:
            TooMuchError: There are too many of them together.
        """
        self._joined += attributes_in(attributes)
        if self._joined > self._params.max_attributes:
            raise TooMuchError(
                Reject("time_limit", f"more than {self._params.max_attributes} attributes of one element")
            )

    def rebuild(self, weight: int) -> None:
        """Count an element that is made again.

        Raises:
            TooMuchError: Too many are.
        """
        self.rebuilt_bytes += weight
        if self.rebuilt_bytes > self._params.max_rebuilt_bytes:
            raise TooMuchError(Reject("time_limit", "formatting tags left open before too many blocks"))

    def tag(self, depth: int) -> None:
        """Count a tag that is read while so many elements are open: the parser may compare it with each.

        Raises:
            TooMuchError: The limit of steps is passed.
        """
        self.depth = max(self.depth, depth)
        self.step(1 + depth)

    def step(self, steps: int) -> None:
        """Count comparisons.

        Raises:
            TooMuchError: There are too many.
        """
        self.steps += steps
        if self.steps > self._params.max_stack_steps:
            raise TooMuchError(Reject("too_deep", "elements nested too deep"))
