"""What a request asks for, read with bounds: words, phrases, exclusions, filters, page."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, Literal

from msgspec import Struct

from pipeline.search.analysis import Word, words
from pipeline.search.params import QUERY
from pipeline.search.schema import FACETS

__all__ = ["Filters", "Query", "QueryError", "Sort", "Term", "groups", "read_query"]

Sort = Literal["relevance", "newest", "oldest"]
_SORTS: Final[tuple[Sort, ...]] = ("relevance", "newest", "oldest")
_PARAMETERS: Final = frozenset({"q", "from", "to", "sort", "page", "size", "format", *FACETS})
_PART: Final = re.compile(
    r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<field>related|story):(?P<id>\S+)|(?P<plain>[^\s"]+))'
)
_FACET_CHARS: Final = 200


class QueryError(Exception):
    """A request that is not answered; the message says why, and quotes nothing."""


class Term(Struct, frozen=True):
    """Words that must follow each other, or, if excluded, must not. One word is a term too, in any of its forms.

    is_phrase: the words were quoted, so they are looked for as they are written.
    alternative: the term before would do instead of this one.
    """

    words: tuple[Word, ...]
    is_phrase: bool = False
    is_excluded: bool = False
    is_alternative: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """The words as they follow each other in a text that has this term.

        The last sign of a run alone is there only where a run ends, so it is left out after its pair.
        """
        last = len(self.words) - 1
        has_pair = last > 0 and self.words[last].is_single and self.words[last - 1].end == self.words[last].end
        return tuple(word.text for word in (self.words[:-1] if has_pair else self.words))


class Filters(Struct, frozen=True, kw_only=True):
    """Values of facets, any of which an article must have, of each facet that has some; and days, both included."""

    language: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    publisher: tuple[str, ...] = ()
    day: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None


class Query(Struct, frozen=True, kw_only=True):
    """A request.

    text: what was asked for, as it was written.
    related_to: the article whose like is asked for. story: the cluster whose articles are asked for.
    page: from 1. size: stories on a page.
    """

    text: str = ""
    terms: tuple[Term, ...] = ()
    related_to: str | None = None
    story: str | None = None
    filters: Filters = Filters()
    sort: Sort = "relevance"
    page: int = 1
    size: int = QUERY.size


def read_query(parameters: Mapping[str, Sequence[str]]) -> Query:
    """Read the parameters of a request.

    Args:
        parameters: The values of each parameter, decoded.

    Raises:
        QueryError: A parameter is unknown, not valid, or asks for more than `QueryParams` allows.
    """
    unknown = sorted(parameters.keys() - _PARAMETERS)
    if unknown:
        raise QueryError(
            f"there is a parameter that does not exist; those that do are {', '.join(sorted(_PARAMETERS))}"
        )
    text = _one(parameters, "q")
    if len(text) > QUERY.max_chars:
        raise QueryError(f"a query has at most {QUERY.max_chars} characters")
    sort = _one(parameters, "sort") or "relevance"
    if sort not in _SORTS:
        raise QueryError(f"sort is one of {', '.join(_SORTS)}")
    terms, fields = _terms(text)
    return Query(
        text=text,
        terms=terms,
        related_to=fields.get("related"),
        story=fields.get("story"),
        filters=_filters(parameters),
        sort=sort,
        page=_number(parameters, "page", 1, QUERY.max_page),
        size=_number(parameters, "size", QUERY.size, QUERY.max_size),
    )


def groups(terms: Iterable[Term]) -> list[list[Term]]:
    """Return the terms that are not excluded, in groups of which one term is enough."""
    found: list[list[Term]] = []
    for term in terms:
        if term.is_excluded:
            continue
        if term.is_alternative and found:
            found[-1].append(term)
        else:
            found.append([term])
    return found


def _one(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    values = parameters.get(name, ())
    if len(values) > 1:
        raise QueryError(f"{name} is there more than once")
    return values[0] if values else ""


def _number(parameters: Mapping[str, Sequence[str]], name: str, default: int, most: int) -> int:
    value = _one(parameters, name)
    if not value:
        return default
    if not (value.isascii() and value.isdecimal()) or not 1 <= int(value[:9]) <= most:
        raise QueryError(f"{name} is a number from 1 to {most}")
    return int(value)


def _filters(parameters: Mapping[str, Sequence[str]]) -> Filters:
    chosen = {name: tuple(value for value in parameters.get(name, ()) if value) for name in FACETS}
    if sum(map(len, chosen.values())) > QUERY.max_filters:
        raise QueryError(f"there are at most {QUERY.max_filters} values of filters")
    if any(len(value) > _FACET_CHARS for values in chosen.values() for value in values):
        raise QueryError(f"a value of a filter has at most {_FACET_CHARS} characters")
    return Filters(**chosen, first_day=_day(parameters, "from"), last_day=_day(parameters, "to"))


def _day(parameters: Mapping[str, Sequence[str]], name: str) -> date | None:
    value = _one(parameters, name)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise QueryError(f"{name} is a day such as 2026-11-29") from None


def _terms(text: str) -> tuple[tuple[Term, ...], dict[str, str]]:
    """Return the terms, and the values of `related` and `story`. Any text is a query: what is no syntax is words."""
    terms: list[Term] = []
    fields: dict[str, str] = {}
    is_alternative = False
    for part in _PART.finditer(text):
        if part["field"] is not None:
            fields[part["field"]] = part["id"]
            continue
        if part["plain"] == "OR" and terms and not part["minus"]:
            is_alternative = True
            continue
        found = tuple(words(part["phrase"] if part["phrase"] is not None else part["plain"]))
        if not found:
            continue
        excluded = bool(part["minus"])
        terms.append(Term(found, part["phrase"] is not None, excluded, is_alternative and not excluded))
        is_alternative = False
    if sum(len(term.words) for term in terms) > QUERY.max_words:
        raise QueryError(f"a query has at most {QUERY.max_words} words")
    return tuple(terms), fields
