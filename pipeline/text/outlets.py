"""News agencies and outlets by the names that credits give them."""

from msgspec import Struct

from pipeline.text.wordlists import load_words

__all__ = ["Outlet", "calls_itself_agency", "find_outlet", "is_agency", "without_quotes"]


class Outlet(Struct, frozen=True):
    """An agency or another publisher whose reports are relayed."""

    name: str
    domain: str
    agency: bool


def _outlets() -> dict[str, Outlet]:
    """Index outlets by alias; an alias too short to be told from a word matches in its own case only."""
    index: dict[str, Outlet] = {}
    for entry in _WORDS["names"]:
        outlet = Outlet(entry["name"], entry["domain"], entry["agency"])
        for alias in entry["aliases"]:
            index[alias] = outlet
            if len(alias) > _SHORT_ALIAS:
                index[alias.casefold()] = outlet
    return index


_SHORT_ALIAS = 4
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
    return _OUTLETS.get(name) or (_OUTLETS.get(name.casefold()) if len(name) > _SHORT_ALIAS else None)


def is_agency(name: str) -> bool:
    """Tell whether a name, as written in a byline, is a news agency's."""
    outlet = find_outlet(name)
    return outlet.agency if outlet is not None else calls_itself_agency(name)


def calls_itself_agency(name: str) -> bool:
    """Tell whether a name has words for a news agency in it."""
    name = name.casefold()
    return any(map(name.__contains__, _AGENCY_WORDS))
