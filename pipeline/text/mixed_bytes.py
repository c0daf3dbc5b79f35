"""Decode bytes that are UTF-8 in one part and a charset of one language in another, as joined by careless software."""

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from pipeline.text.charset_names import DEFAULTS, codec_of

__all__ = ["MixedParams", "decode_mixed"]


class MixedParams(Struct, frozen=True, kw_only=True):
    """What shows that bytes are of two charsets, and not damaged UTF-8. Set by hand."""

    good_bytes: int = 6
    """Bytes beyond ASCII in runs that are UTF-8 as a whole."""
    good_share: float = 0.4
    """Their share of all bytes beyond ASCII."""
    long_run: int = 15
    """A run of so many bytes that are UTF-8 is no accident, as shorter ones are within runs of East Asian charsets."""
    foreign_runs: int = 2
    """Runs that are not UTF-8, with none that is between them; damage leaves single ones,"""
    foreign_bytes: int = 6
    """or bytes in a row, in scripts without spaces."""


_PARAMS = MixedParams()
_GOOD = re.compile(
    rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|\xe0[\xa0-\xbf][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{3})+"
)
_BAD = re.compile(rb"[\x80-\xff]+")
_QUOTES = "„“”‚‘’«»‹›–—…"
_CHARSETS = (
    *(
        "cp1252",
        "cp1250",
        "iso8859-2",
        "cp1254",
        "cp1257",
        "cp1258",
        "cp1251",
        "koi8-r",
        "iso8859-5",
        "cp1253",
        "iso8859-7",
    ),
    *("cp1255", "cp1256", "iso8859-6", "cp874", "cp932", "euc_jp", "cp949", "gb18030", "big5hkscs"),
)


def decode_mixed(data: bytes, named: Sequence[str | None]) -> str | None:
    """Decode a body that is UTF-8 in part; None for one that is not, or whose other part is but damage.

    Args:
        data: The body, which is not valid UTF-8.
        named: Charsets that the body or its server name.
    """
    good = [found.span() for found in _GOOD.finditer(data) if _is_whole(data, *found.span())]
    bounds = [0, *(place for span in good for place in span), len(data)]
    gaps = list(pairwise(bounds))[::2]
    fitting = sum(end - start for start, end in good)
    bad = sum(len(run) for start, end in gaps for run in _BAD.findall(data, start, end))
    if fitting < max(_PARAMS.good_bytes, _PARAMS.good_share * (fitting + bad)):
        return None
    known = b"".join(data[start:end] for start, end in good).decode("utf-8", "replace")
    leads = {data[start] for start, _ in good}
    foreign = {gap for gap in gaps if _is_foreign(data[slice(*gap)], leads)}
    if not foreign:
        return None
    charset = _best_charset([data[slice(*gap)] for gap in foreign], known, named)
    return "".join(
        data[start:end].decode(charset if (start, end) in foreign else "utf-8", "replace")
        for start, end in pairwise(bounds)
    )


def _is_whole(data: bytes, start: int, end: int) -> bool:
    """Return whether no other bytes beyond ASCII stand beside a run of UTF-8, unless it is long."""
    if end - start >= _PARAMS.long_run:
        return True
    return data[start - 1 : start] < b"\x80" and data[end : end + 1] < b"\x80"


def _is_foreign(part: bytes, leads: set[int]) -> bool:
    """Return whether a part has more that is not UTF-8 than a torn character or two."""
    runs = [run for run in _BAD.findall(_GOOD.sub(b" ", part)) if not leads.issuperset(run)]
    return len(runs) >= _PARAMS.foreign_runs or sum(map(len, runs)) >= _PARAMS.foreign_bytes


def _best_charset(parts: Sequence[bytes], known: str, named: Sequence[str | None]) -> str:
    """Return the charset in which the parts have the most letters that the rest has as well, or such as it has."""
    stated = [codec for codec in (codec_of(name) for name in named if name is not None) if codec is not None]
    candidates = [codec for codec in stated if not codec.startswith("utf") and codec not in DEFAULTS] + list(_CHARSETS)
    letters = frozenset(filter(str.isalpha, known + known.lower()))
    blocks = frozenset(map(_block, letters))

    def fit(charset: str) -> tuple[int, float]:
        text = "".join(part.decode(charset, "replace") for part in parts)
        beyond = [char for char in text if char > "\x7f"]
        wrong = text.count("\ufffd")
        found = sum(1.0 if char in letters else 0.5 * (_block(char) in blocks or char in _QUOTES) for char in beyond)
        return -wrong, found / max(1, len(beyond))

    return max(dict.fromkeys(candidates), key=fit)


def _block(char: str) -> int:
    """Return a number for the neighbourhood of a letter in Unicode; all Chinese characters have one."""
    return -1 if "\u3400" <= char <= "\u9fff" else ord(char) // 128
