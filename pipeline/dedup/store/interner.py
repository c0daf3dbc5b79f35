"""Short numbers for text that many rows repeat: sources, agencies, lanes."""

__all__ = ["Interner"]


class Interner:
    """Numbers names while somebody uses them. Number 0 is the empty text."""

    def __init__(self) -> None:
        """Start with the empty text alone."""
        self._numbers: dict[str, int] = {"": 0}
        self._names: list[str] = [""]
        self._uses: list[int] = [1]
        self._free: list[int] = []

    def __len__(self) -> int:
        """Count the names in use."""
        return len(self._numbers)

    def take(self, name: str) -> int:
        """Return the number of a name and count one more use of it."""
        number = self._numbers.get(name)
        if number is None:
            number = self._free.pop() if self._free else len(self._names)
            if number == len(self._names):
                self._names.append(name)
                self._uses.append(0)
            self._names[number] = name
            self._numbers[name] = number
        self._uses[number] += 1
        return number

    def find(self, name: str) -> int | None:
        """Return the number of a name in use."""
        return self._numbers.get(name)

    def name(self, number: int) -> str:
        """Return the name behind a number in use."""
        return self._names[number]

    def release(self, number: int) -> None:
        """Count one use less; a name without uses is forgotten."""
        self._uses[number] -= 1
        if not self._uses[number]:
            del self._numbers[self._names[number]]
            self._names[number] = ""
            self._free.append(number)

    def load(self, names: list[str], uses: list[int]) -> None:
        """Replace everything by these names, numbered in order, the empty one first."""
        self._names = list(names)
        self._uses = [uses[0] + 1, *uses[1:]]
        self._numbers = {name: number for number, name in enumerate(names)}
        self._free = []
