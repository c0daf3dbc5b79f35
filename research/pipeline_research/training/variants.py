"""Changes of a text that keep its language and subject, to measure robustness."""

from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["VARIANTS"]

_BOILERPLATE: Final = (
    "\nShare this article. Subscribe to our newsletter. Read more. Cookies. Privacy policy. All rights reserved."
)
_OTHER: Final = " The full report is available on the website of the publisher in English."
_SHORTEST: Final = 200  # fewest characters that remain


def _truncated(text: str) -> str:
    return text[: max(_SHORTEST, len(text) // 2)]


def _mixed(text: str) -> str:
    middle = len(text) // 2
    return text[:middle] + _OTHER + text[middle:]


VARIANTS: Final[Mapping[str, Callable[[str], str]]] = {
    "truncated to half": _truncated,
    "upper-cased": str.upper,
    "boilerplate at the end": lambda text: text + _BOILERPLATE,
    "mixed with English": _mixed,
}
"""The changes by name."""
