"""Words beside a date that say whether it is a publication or a change: "Updated 14 March, posted 13 March"."""

import re
from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct

from pipeline.text.dates import read_moment
from pipeline.text.wordlists import load_words, one_of

__all__ = ["DateLine", "labels_change", "read_date_line"]

_WORDS = load_words("page_dates")
_CHANGE = re.compile(rf"(?<![^\W\d_])(?:{one_of(_WORDS['changes'])})", re.IGNORECASE)
_LABEL = re.compile(rf"(?<![^\W\d_])(?:{one_of(_WORDS['changes'], _WORDS['publications'])})", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


class DateLine(Struct, frozen=True):
    """The parts of a date line that state the publication and a change; None for what it does not state."""

    published: str | None = None
    modified: str | None = None


def labels_change(text: str) -> bool:
    """Return whether a label, or an element's name, says that a date is that of a change."""
    return _CHANGE.search(text) is not None


def read_date_line(line: str) -> DateLine:
    """Return what a line with dates states; a date without a label is the publication's."""
    if not labels_change(line):
        return DateLine(published=line)
    published = modified = None
    for part in _parts(line):
        if read_moment(part) is None:
            continue
        if labels_change(part):
            modified = modified or part
        else:
            published = published or part
    return DateLine(published, modified)


def _parts(line: str) -> Iterator[str]:
    """Yield the parts of a line, each with one label: before its date, or behind it if the line ends with one."""
    labels = [found.span() for found in _LABEL.finditer(line)]
    dated_before = read_moment(line[: labels[0][0]]) is not None
    if dated_before and _DIGIT.search(line, labels[-1][1]) is None:
        bounds = [0, *(end for _, end in labels)]
    else:
        bounds = [*([0] if dated_before else []), *(start for start, _ in labels), len(line)]
    yield from (line[start:end] for start, end in pairwise(bounds))
