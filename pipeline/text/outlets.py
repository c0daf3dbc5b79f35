"""News agencies and outlets by the names that credits give them."""

from msgspec import Struct

from pipeline.text.wordlists import load_words

__all__ = ["Outlet", "OutletParams", "calls_itself_agency", "find_outlet", "is_agency", "without_quotes"]


class OutletParams(Struct, frozen=True, kw_only=True):
    """How names are matched. Set by hand."""

    exact_alias_chars: int = 4
    """An alias up to this length, such as AP or EFE, matches in its own case only: in another, it may be a word."""


_PARAMS = OutletParams()


class Outlet(Struct, frozen=True):
    """An agency or another publisher whose reports are relayed."""

    name: str
    domain: str
    agency: bool


def _outlets() -> dict[str, Outlet]:
    """Return the outlets by alias, and by folded alias where it is long enough."""
    index: dict[str, Outlet] = {}
    for entry in _WORDS["names"]:
        outlet = Outlet(entry["name"], entry["domain"], entry["agency"])
        for alias in entry["aliases"]:
            index[alias] = outlet
            if len(alias) > _PARAMS.exact_alias_chars:
                index[alias.casefold()] = outlet
    return index


_QUOTES = " \"'“”«»„()[]（）【】.:،,*_"
_WORDS = load_words("agencies")
_OUTLETS = _outlets()
_AGENCY_WORDS: tuple[str, ...] = tuple(_WORDS["agency_words"])


def without_quotes(name: str) -> str:
    """Return a name without the quotation marks, brackets and stops around it."""
    return name.strip(_QUOTES)


def find_outlet(name: str) -> Outlet | None:
    """Return the outlet of that name, as a credit writes it."""
    name = name.strip(_QUOTES)
    return _OUTLETS.get(name) or (_OUTLETS.get(name.casefold()) if len(name) > _PARAMS.exact_alias_chars else None)


def is_agency(name: str) -> bool:
    """Return whether a name, as written in a byline, is a news agency's."""
    outlet = find_outlet(name)
    return outlet.agency if outlet is not None else calls_itself_agency(name)


def calls_itself_agency(name: str) -> bool:
    """Return whether a name contains words for a news agency."""
    name = name.casefold()
    return any(map(name.__contains__, _AGENCY_WORDS))
