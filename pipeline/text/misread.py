"""Pages whose bytes were read in the wrong encoding before they were sent: undone as a whole, before they are parsed.

A parser takes some of the characters that such a page consists of for spaces (U+0085, U+00A0), and they are lost.
"""

import re
from itertools import islice

from msgspec import Struct

from pipeline.text.charset import declared_charset
from pipeline.text.encoded_page import EncodedPage

__all__ = ["MisreadParams", "has_sequences", "is_zawgyi", "reread_page"]


class MisreadParams(Struct, frozen=True, kw_only=True):
    """What shows that a text was read in the wrong encoding. Set by hand."""

    sequences: int = 3
    """Characters of UTF-8 in a row, or words at the beginning of a page, each read as several characters; in other
    text two in a row hardly occur."""
    accented_runs: int = 3
    """Words of nothing but accented letters, beside which a page's own charset is believed."""
    own_letters: int = 8
    """So many letters beyond ASCII a page has in its own charset."""
    accented_run_letters: int = 4
    """Letters of such a word; none of the languages of Western Europe has one."""
    letter_share: float = 0.6
    """Share of letters among the characters beyond ASCII when a page is read in its own charset."""
    zawgyi_signs: int = 3
    """Burmese signs in places where Unicode has none."""
    zawgyi_share: float = 0.25
    """Their share of all such signs in a text; in Unicode mistakes are one in hundreds."""


_PARAMS = MisreadParams()
# Windows-1252 differs from Latin-1 in these; browsers read both names as Windows-1252.
_BYTES = {
    ord(bytes([code]).decode("cp1252")): code for code in range(0x80, 0xA0) if code not in b"\x81\x8d\x8f\x90\x9d"
}
_HIGH = "\x80-\xff" + "".join(map(chr, _BYTES))
_HIGH_WORD = re.compile(f"[{_HIGH}]+")
# Words of them, with the ASCII that stands between words.
_HIGH_RUN = re.compile(f"[{_HIGH}]{{2,}}(?:[ ,.:;!?()-]{{1,2}}[{_HIGH}]{{2,}})*")
_MORE_CHARS = "".join(map(chr, range(0x80, 0xC0))) + "".join(
    chr(point) for point, code in _BYTES.items() if code < 0xC0
)
_MORE = f"[{_MORE_CHARS}]"
_SEQUENCE = f"(?:[Â-ß]{_MORE}|[à-ï]{_MORE}{{2}}|[ð-ô]{_MORE}{{3}})"
_SEQUENCES = re.compile(f"(?:{_SEQUENCE}[ -/:-@]?){{{_PARAMS.sequences}}}")
_WORD = re.compile(f"(?:{_SEQUENCE})+")
# The end of one such character and another: the search begins at what ends a character, because that is rare in other
# text, as the letters that begin one are not.
_JOINT = re.compile(f"{_MORE}[Â-ï]{_MORE}")
# The same in UTF-8, with only the first byte of what ends a character: bytes are searched in a fraction of the time.
_JOINT_BYTES = re.compile(rb"\xc3[\x82-\xb4][%s]" % re.escape(bytes({char.encode()[0] for char in _MORE_CHARS})))
_ACCENTED = re.compile(f"[À-ÖØ-öø-ÿ]{{{_PARAMS.accented_run_letters},}}")
# Text of another encoding is hardly ever valid in one of these.
_MULTIBYTE = frozenset({"gb18030", "big5hkscs", "cp949", "cp932", "euc_jp", "euc_jis_2004", "johab"})
_BLANKS = bytes([*b" " * 0x80, *range(0x80, 0x100)])
"""Maps each byte of ASCII to a space, for `bytes.translate`."""
_MYANMAR = "\u1031"
_ZAWGYI = re.compile(
    "(?<![\u1000-\u102a\u103b-\u103f\u104e\u1050-\u1082\u108e\ua9e0-\uaa7f])\u1031|\u1039(?![\u1000-\u1021])"
)


def has_sequences(text: str) -> bool:
    """Return whether a text has what hardly occurs but where UTF-8 was read as Latin-1 or Windows-1252."""
    return _JOINT.search(text) is not None


def reread_page(page: EncodedPage) -> str | None:
    """Return a page as its bytes should have been read; None for one that was read well, as nearly all are."""
    html = page.html
    if html.isascii():
        return None
    if _JOINT_BYTES.search(page.data) is None:
        text = _in_own_charset(html, None)
        return text if text != html else None
    foreign = _beyond_ascii(html)
    if _begins_misread(foreign):
        data = _as_bytes(html)
        text = _decoded(data, "utf-8") if data is not None else None
        if text is not None:
            return text
    text = _in_own_charset(html, foreign)
    if text is None and has_sequences(foreign) and _SEQUENCES.search(html):
        text = _HIGH_RUN.sub(_reread_run, html)
    return text if text != html else None


def _beyond_ascii(text: str) -> str:
    """Return the words of a text's characters beyond ASCII, which are few on most pages and are searched several times.

    Each white space between them stands for what was there: no search that is made goes across ASCII.
    """
    data = text.encode("utf-8", "surrogatepass")
    return b" ".join(data.translate(_BLANKS).split()).decode("utf-8", "surrogatepass")


def _begins_misread(foreign: str) -> bool:
    """Return whether the first characters beyond ASCII all look like UTF-8 that was read as something else."""
    words = [match[0] for match in islice(_HIGH_WORD.finditer(foreign), _PARAMS.sequences)]
    return len(words) == _PARAMS.sequences and all(map(_WORD.fullmatch, words))


def _decoded(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _as_bytes(text: str) -> bytes | None:
    """Return the bytes that were read as Latin-1 or Windows-1252; None for a text with other characters."""
    try:
        return text.translate(_BYTES).encode("latin-1")
    except UnicodeEncodeError:
        return None


def _reread_run(match: re.Match[str]) -> str:
    """Read one run of characters beyond ASCII as UTF-8, where the rest of the page is in another encoding."""
    run = match[0]
    data = _as_bytes(run) if len(run) > len("Ã©") else None
    text = _decoded(data, "utf-8") if data is not None else None
    return run if text is None else text


def _in_own_charset(html: str, foreign: str | None) -> str | None:
    """Read a page in the charset that it names, where it was read as Western European and makes no words so.

    Args:
        html: The page.
        foreign: Its words of characters beyond ASCII, if they are known.
    """
    charset = declared_charset(html)
    if charset is None:
        return None
    if charset not in _MULTIBYTE:
        words = _ACCENTED.findall(foreign if foreign is not None else _beyond_ascii(html))
        if len(words) < _PARAMS.accented_runs:
            return None
    data = _as_bytes(html)
    text = _decoded(data, charset) if data is not None else None
    if text is None:
        return None
    own = [char for char in text if char > "\x7f"]
    letters = sum(map(str.isalpha, own))
    return text if letters >= max(_PARAMS.own_letters, _PARAMS.letter_share * len(own)) else None


def is_zawgyi(text: str) -> bool:
    """Return whether Burmese text is in Zawgyi, a font's encoding in Unicode's code points, and so not readable."""
    if _MYANMAR not in text:
        return False
    misplaced = len(_ZAWGYI.findall(text))
    signs = text.count("\u1031") + text.count("\u1039")
    return misplaced >= max(_PARAMS.zawgyi_signs, _PARAMS.zawgyi_share * signs)
