"""Small numbers in place of texts that many rows repeat: sources, agencies, lanes."""

from collections import Counter
from collections.abc import Sequence

__all__ = ["Interner"]


class Interner:
    """Numbers texts and counts their uses. The empty text has number 0; numbers of unused texts are used again."""

    def __init__(self) -> None:
        """Start with the empty text, which is never released."""
        self._numbers: dict[str, int] = {"": 0}
        self._texts: list[str] = [""]
        self._uses: list[int] = [1]
        self._free: list[int] = []

    def __len__(self) -> int:
        """Count the texts in use, the empty one included."""
        return len(self._numbers)

    def intern(self, text: str) -> int:
        """Return the number of a text and count one more use of it."""
        number = self._numbers.get(text)
        if number is None:
            number = self._free.pop() if self._free else len(self._texts)
            if number == len(self._texts):
                self._texts.append(text)
                self._uses.append(0)
            self._texts[number] = text
            self._numbers[text] = number
        self._uses[number] += 1
        return number

    def intern_all(self, texts: Sequence[str]) -> list[int]:
        """Return the numbers of one or more texts, in order, and count these uses."""
        if texts.count(texts[0]) == len(texts):
            number = self.intern(texts[0])
            self._uses[number] += len(texts) - 1
            return [number] * len(texts)
        for text, uses in Counter(texts).items():
            self._uses[self.intern(text)] += uses - 1
        return [self._numbers[text] for text in texts]

    def find(self, text: str) -> int | None:
        """Return the number of a text, or None if it is not in use."""
        return self._numbers.get(text)

    def text(self, number: int) -> str:
        """Return the text with a number that is in use."""
        return self._texts[number]

    def release(self, number: int) -> None:
        """Count one use less, and free the number when none is left."""
        self._uses[number] -= 1
        if not self._uses[number]:
            del self._numbers[self._texts[number]]
            self._texts[number] = ""
            self._free.append(number)

    def load(self, texts: list[str], uses: list[int]) -> None:
        """Replace all texts.

        Args:
            texts: The texts in the order of their numbers; the first is the empty one.
            uses: How many rows use each of them.
        """
        self._texts = list(texts)
        self._uses = [uses[0] + 1, *uses[1:]]
        self._numbers = {text: number for number, text in enumerate(texts)}
        self._free = []
