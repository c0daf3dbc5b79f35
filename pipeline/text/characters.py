"""Character cleaning: mojibake repaired, letters composed, controls without meaning removed."""

import re
from html import unescape
from unicodedata import combining, is_normalized, normalize

from ftfy import fix_encoding
from ftfy.badness import is_bad
from msgspec import Struct

from pipeline.text.misread import has_sequences, is_zawgyi

__all__ = ["CharacterParams", "Cleaned", "clean_characters"]


class CharacterParams(Struct, frozen=True, kw_only=True):
    """Limits of character repair."""

    rounds: int = 6
    """Passes over a text, each of which may undo one layer of escapes or wrong decoding; set by hand, two are usual."""
    latin_run_window: int = 200
    """Characters in which runs of accented letters are counted: Cyrillic that was read as Western European consists of
    nothing else. Set by hand."""
    latin_runs: int = 3
    """So many runs make a text garbled. Set by hand."""
    most_marks: int = 30
    """Combining marks on one letter. To put n marks in order takes n squared steps, and no language piles up more than
    a few; the Unicode Standard's stream-safe format (UAX 15) ends runs at 30."""
    mark_step: int = 6
    """A longer run shows in every 30th character, where most text has no mark, and as five in a row among every sixth
    one, which no other text has."""
    western_share: float = 1.2
    """Bytes of UTF-8 per character; a text with more is not mostly ASCII, and is looked at in full."""


_PARAMS = CharacterParams()


class Cleaned(Struct, frozen=True):
    """Text after character cleaning, and what was found in it."""

    text: str
    repaired: bool = False
    """Mojibake was undone."""
    suspicious: bool = False
    """Controls that hide or reorder text, piled-up accents, or letters of several scripts within one word."""
    garbled: bool = False
    """Characters are lost, or the text was read in the wrong encoding and could not be repaired."""

    def also(self, other: "Cleaned") -> "Cleaned":
        """Return this text, with the findings of another form of it added."""
        return Cleaned(
            self.text,
            self.repaired or other.repaired,
            self.suspicious or other.suspicious,
            self.garbled or other.garbled,
        )


# Spaces of other widths mean no more than a space.
_SPACES = "\t\xa0\u2009\u202f\u3000"

# Entities that survived decoding: text that was escaped twice.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")

# An ampersand that was escaped several times is restored at once, because every round reads the whole text.
_AMPERSANDS = re.compile(
    "&(?:amp;|#38;|#x26;)+(?=(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#x[0-9a-f]{1,6});)", re.IGNORECASE
)

# Two characters that appear where UTF-8 was read as Latin-1 or Windows-1252: a lead byte's and a continuation byte's.
# Text without such a pair needs no repair, and nearly all text has none; the repair takes a hundred times as long as
# this search.
_LEADS = "ÂÃÄÅÆÇÈÉÐÑØÙÚâãäåæïð"
_WINDOWS_SIGNS = (
    "\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a"
    "\u20ac\u2122"
)
_MOJIBAKE = re.compile(f"[{_LEADS}][\u0080-\u00bf{_WINDOWS_SIGNS}]")
# The first bytes of Greek, Armenian, Hebrew, Syriac, Indic, Georgian, Ethiopic and Korean, beside those above.
_SEQUENCE_LEADS = "ÎÏÔÕÖ×ÜÝàáêëì"
# The first byte of all of them in UTF-8: a byte is found many times as fast as two dozen characters.
_LEAD_OF_LEADS = b"\xc3"
# The commonest letters of Russian (о а е и н с т) in UTF-8 read as Windows-1251.
_CYRILLIC_PAIRS = ("Рѕ", "Р°", "Рµ", "Рё", "РЅ", "СЃ", "С‚")
# Any such text longer than a word contains one of these; to search for one character is much faster than for two.
_CYRILLIC_SIGNS = "°µѕЅ"

# C1 controls are Windows-1252 punctuation that was read as Latin-1; browsers read them so.
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}

# Lines end in many ways.
_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\u2028\u2029]")

# ZWNJ and ZWJ shape letters of joining and Brahmic scripts and glue emoji: anywhere else they carry nothing.
_SHAPING = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u0fff\u1000-\u109f\u1700-\u18af\u1a20-\u1aff\u1b00-\u1c4f"
    "\ufb50-\ufdff\ufe70-\ufefc"
)
_EMOJI = "\u200d\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
# A pattern that begins with the sign itself is searched for many times as fast as one that begins with what is before.
_JOINERS = re.compile(
    f"\u200c(?:(?<![{_SHAPING}]\u200c)|(?![{_SHAPING}]))"
    f"|\u200d(?:(?<![{_SHAPING}{_EMOJI}]\u200d)|(?![{_SHAPING}{_EMOJI}]))"
)
# C0 and C1 controls but tab and newline; soft hyphen; zero-width space; directional marks, embeddings, overrides,
# isolates; word joiner and invisible operators; BOM; fillers; interlinear marks; object replacement; tags;
# noncharacters.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U000e0000-\U000e0fff\ud800-\udfff]+"
)
# All of the sets above: most text contains none of them, which one search shows.
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U000e0000-\U000e0fff\ud800-\udfff]"
)
_C1 = re.compile("[\x80-\x9f]")
# Overrides reverse letters, and tags are invisible, except those that make a black flag that of a country. Marks and
# isolates only set the direction of a foreign name.
_HIDING = re.compile("[\u202d\u202e\U000e0000-\U000e007f]|[A-Za-z\u0400-\u04ff][\u200b\u2060\u200d\u200c\xad]{2}")
_BLACK_FLAG = "\U0001f3f4"
_COUNTRY = re.compile(f"{_BLACK_FLAG}[\U000e0020-\U000e007f]+")
# Cyrillic and Greek letters that look Latin, between Latin letters.
_LOOKALIKES = "аеорсхіο"
# Cyrillic that was read as Western European is words of nothing but accented letters.
_LATIN_RUN = re.compile("[À-ÖØ-öø-ÿ]{4}")
_MIXED = re.compile(f"[A-Za-z][{_LOOKALIKES}][A-Za-z]")
_MARKS_IN_A_ROW = re.compile(rb"[^\x00]{5}")
# What Western text has beyond ASCII and needs no change wherever it stands, unless two of them make mojibake: letters
# and signs of Latin-1 and typographic punctuation, all composed. Deleting ASCII first leaves a few of these.
_ASCII = bytes([*range(0x20, 0x7F), 0x0A])
_WESTERN = "".join(map(chr, [*range(0xA1, 0xAD), *range(0xAE, 0x100)])) + "‘’‚“”„–—…•‹›€™"


def clean_characters(text: str) -> Cleaned:
    """Return the text repaired, in NFC, with line feeds as its only line ends, without meaningless characters.

    Cleaning a clean text changes nothing, but takes time: a string is cleaned once, where it enters.
    """
    if text.isascii() and text.replace("\n", "").isprintable() and "&" not in text:
        return Cleaned(text)
    if _is_plain_western(text):
        return Cleaned(text)
    repaired = suspicious = odd = False
    unpiled = ""
    for _ in range(_PARAMS.rounds):
        before = text
        text = _unescaped(text)
        odd = _may_be_mojibake(text)
        if odd:
            fixed = fix_encoding(text)
            repaired = repaired or fixed != text
            text = fixed
        text, hiding = _without_invisible(text)
        suspicious = suspicious or hiding
        if len(text) > _PARAMS.most_marks and text != unpiled:
            text, piled = _without_piles(text)
            suspicious = suspicious or piled
            unpiled = text
        if not is_normalized("NFC", text):
            text = normalize("NFC", text)
        if text == before:
            break
    if not suspicious and not text.isascii():
        suspicious = any(map(text.__contains__, _LOOKALIKES)) and _MIXED.search(text) is not None
    return Cleaned(text, repaired, suspicious, _is_garbled(text, odd=odd))


def _is_garbled(text: str, *, odd: bool) -> bool:
    """Return whether characters are lost or wrong; `odd` is whether pairs of characters still look like mojibake."""
    if text.isascii():
        return False
    if "\ufffd" in text or (odd and is_bad(text)) or is_zawgyi(text):
        return True
    return len(_LATIN_RUN.findall(text, 0, _PARAMS.latin_run_window)) >= _PARAMS.latin_runs


def _is_plain_western(text: str) -> bool:
    """Return whether a mostly ASCII text is clean already; False means only that it must be looked at more closely."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > _PARAMS.western_share * len(text) or "&" in text:
        return False
    rest = data.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    return not rest.strip(_WESTERN) and not _MOJIBAKE.search(rest) and not has_sequences(rest)


def _unescaped(text: str) -> str:
    return unescape(_AMPERSANDS.sub("&", text)) if "&" in text and _ENTITY.search(text) else text


def _without_piles(text: str) -> tuple[str, bool]:
    """Cut runs of combining marks; the second value is whether one was too long."""
    if text.isascii() or not any(map(combining, text[:: _PARAMS.most_marks])):
        return text, False
    if not _MARKS_IN_A_ROW.search(bytes(map(combining, text[:: _PARAMS.mark_step]))):
        return text, False
    kept = []
    run = 0
    for char in text:
        run = run + 1 if combining(char) else 0
        if run <= _PARAMS.most_marks:
            kept.append(char)
    return "".join(kept), len(kept) < len(text)


def _is_printable(text: str) -> bool:
    """Return whether a text has no control, invisible character or space but the ordinary one and line feeds."""
    return text.replace("\n", "").isprintable()


def _may_be_mojibake(text: str) -> bool:
    if _LEAD_OF_LEADS in text.encode("utf-8", "surrogatepass"):
        if any(map(text.__contains__, _LEADS)) and _MOJIBAKE.search(text):
            return True
        if any(map(text.__contains__, _SEQUENCE_LEADS)) and has_sequences(text):
            return True
    return "Р" in text and any(map(text.__contains__, _CYRILLIC_SIGNS)) and any(map(text.__contains__, _CYRILLIC_PAIRS))


def _without_invisible(text: str) -> tuple[str, bool]:
    """Drop invisible characters and write spaces alike; the second value is whether some hide or reorder text."""
    if _is_printable(text):
        return text, False
    for space in _SPACES:
        text = text.replace(space, " ")
    if _is_printable(text) or not _ODD.search(text):
        return text, False
    text = _LINE_ENDS.sub("\n", text)
    if _C1.search(text):
        text = text.translate(_WINDOWS)
    shown = _COUNTRY.sub("", text) if _BLACK_FLAG in text else text
    hiding = _HIDING.search(shown) is not None
    return _INVISIBLE.sub("", _JOINERS.sub("", text)), hiding
