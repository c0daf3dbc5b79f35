"""What grammars share: the input as a value, strings of many kinds, sizes, and mutations of bytes."""

import math
import random
from typing import Final

from msgspec import Struct

from benchmarks.adversarial import PIECES

__all__ = ["HTML_TYPE", "Input", "length", "mutated", "pick", "repeated", "text", "words"]


class Input(Struct, frozen=True):
    """A raw record, or the record batches of a fetch.

    `plain_bytes` is the size to which a value unpacks, where its maker knows of one that is larger.
    """

    kind: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    plain_bytes: int = 0

    @property
    def size(self) -> int:
        """Return the bytes that the limits of time and memory refer to."""
        headers = sum(len(name) + len(content) for name, content in self.headers)
        return max(len(self.value), self.plain_bytes) + headers


HTML_TYPE: Final = (("content-type", b"text/html; charset=utf-8"), ("url", b"https://news.example.com/a"))

_WORDS: Final = (
    "the water rose again on Tuesday and the old dam held said an engineer of the city who asked not to be named",
    "der Wasserstand stieg am Dienstag wieder und der alte Damm hielt sagte ein Ingenieur der Stadt",
    "ارتفع منسوب المياه مرة أخرى يوم الثلاثاء وصمد السد القديم كما قال مهندس في المدينة",
    "周二水位再次上升 老坝经受住了考验 一位要求匿名的工程师说",
    "вода снова поднялась во вторник и старая плотина выдержала сообщил инженер города",
    "화요일에 물이 다시 불어났지만 낡은 댐은 버텼다고 한 기술자가 말했다",
    "बाँध मंगलवार को फिर भरा लेकिन टिका रहा एक अभियंता ने कहा",
    "วันอังคารน้ำขึ้นอีกครั้งแต่เขื่อนเก่ายังคงอยู่",
)  # fmt: skip
_STRAY: Final = "\x00\x01\x1b\x7f\x85\u2028\u202e\u200d\ufeff\ufffe\ud800\udfff\U000e0041\U0010ffff"


def pick(choice: random.Random, *makers: "str | tuple[str, ...]") -> str:
    """Return one of some strings, or of a group of them."""
    maker = choice.choice(makers)
    return maker if isinstance(maker, str) else choice.choice(maker)


def length(choice: random.Random, least: int, most: int) -> int:
    """Return a number of which each order of magnitude is as likely as another."""
    return int(least * math.pow(most / least, choice.random()))


def words(choice: random.Random, count: int) -> str:
    """Return a text of so many words of one language."""
    known = choice.choice(_WORDS).split()
    return " ".join(choice.choice(known) for _ in range(count))


def text(choice: random.Random, most: int = 2000) -> str:
    """Return a text: words, with pieces of what readers look for, or one such piece many times."""
    size = length(choice, 1, most)
    if choice.random() < 0.2:
        return repeated(choice.choice(PIECES), size)
    parts: list[str] = []
    left = size
    while left > 0:
        kind = choice.random()
        if kind < 0.6:
            part = words(choice, choice.randint(1, 40))
        elif kind < 0.95:
            part = choice.choice(PIECES)
        else:
            part = choice.choice(_STRAY)
        parts.append(part)
        left -= len(part)
    return choice.choice(("", " ", "\n", ". ")).join(parts)


def repeated(piece: str, size: int) -> str:
    """Return a piece as often as it fits a size, at least once."""
    return piece * max(1, size // max(1, len(piece)))


def mutated(choice: random.Random, data: bytes, times: int) -> bytes:
    """Return bytes with some parts of them changed, removed, repeated or moved."""
    found = bytearray(data)
    for _ in range(times):
        if not found:
            break
        at = choice.randrange(len(found))
        end = min(len(found), at + length(choice, 1, 64))
        what = choice.randrange(5)
        if what == 0:
            found[at] ^= 1 << choice.randrange(8)
        elif what == 1:
            del found[at:end]
        elif what == 2:
            found[at:at] = found[at:end] * choice.randint(1, 50)
        elif what == 3:
            found[at:end] = choice.randbytes(end - at)
        else:
            to = choice.randrange(len(found))
            found[to:to] = found[at:end]
    return bytes(found)
