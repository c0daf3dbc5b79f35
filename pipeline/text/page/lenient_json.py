"""Read JSON as pages contain it: in comments, with raw control characters, commas too many, quotes not escaped."""

import html
import re

import orjson

__all__ = ["read_lenient_json"]

_WRAPPING = re.compile(r"(?:<!--|-->|<!\[CDATA\[|\]\]>|/\*|\*/|//|[\s;\ufeff])+")
_WRAPPING_ENDS = (" ", ";", "-->", "]]>", "*/", "/*", "//", "<!--")
_CONTROLS = dict.fromkeys((*range(32), 127), " ")
_COMMAS = re.compile(r",[\s,]*([}\]])?")
# What may follow the end of a string; behind a comma there is a further name or value.
_AFTER_STRING = re.compile(r"\s*(?:[:}\]]|$|,\s*(?:[\"{\[}\],]|-?\d|true|false|null|$))")
# Behind a backslash that is none of these, JSON knows nothing: \' of JavaScript, or a path.
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')


def read_lenient_json(text: str, max_chars: int) -> object:
    """Return the value of a block of JSON, None for one that cannot be read.

    Args:
        text: The block.
        max_chars: A longer block is only read as it is. Mending takes a few passes over the text.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    if len(text) > max_chars:
        return None
    text = _unwrapped(text.translate(_CONTROLS))
    if "&quot;" in text and '"' not in text:
        text = html.unescape(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return orjson.loads(_mended(text))
    except orjson.JSONDecodeError:
        return None


def _unwrapped(text: str) -> str:
    """Take away the comment signs and the like around a block."""
    start = _WRAPPING.match(text)
    end = len(text)
    while (sign := next((sign for sign in _WRAPPING_ENDS if text.endswith(sign, 0, end)), None)) is not None:
        end -= len(sign)
    return text[start.end() if start is not None else 0 : end]


def _mended(text: str) -> str:
    """Escape quotes within strings, and drop commas at the end of lists, in one pass over the quotes."""
    kept: list[str] = []
    at = 0
    while (opening := text.find('"', at)) >= 0:
        kept.append(_COMMAS.sub(_one_comma, text[at:opening]))
        pieces: list[str] = []
        at = opening + 1
        while (quote := text.find('"', at)) >= 0:
            pieces.append(text[at:quote])
            at = quote + 1
            if _is_escaped(text, quote):
                pieces.append('"')
            elif _AFTER_STRING.match(text, at):
                break
            else:
                pieces.append('\\"')
        else:
            return text
        inner = _ESCAPE.sub(_known_escape, "".join(pieces))
        kept.append(f'"{inner}"')
    kept.append(_COMMAS.sub(_one_comma, text[at:]))
    return "".join(kept)


def _one_comma(match: re.Match[str]) -> str:
    return match[1] or ","


def _known_escape(match: re.Match[str]) -> str:
    return match[0] if len(match[0]) > 1 else r"\\"


def _is_escaped(text: str, quote: int) -> bool:
    """Return whether an odd number of backslashes stands before a quote."""
    start = quote
    while start > 0 and text[start - 1] == "\\":
        start -= 1
    return (quote - start) % 2 == 1
