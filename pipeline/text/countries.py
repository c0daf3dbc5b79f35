"""The country of a publisher, by its own statement or the top-level domain of its site."""

from pipeline.text.wordlists import load_words

__all__ = ["publisher_country"]

_WORDS = load_words("countries")
_CODES: dict[str, str] = _WORDS["codes"]
_EVERYWHERE = frozenset(_WORDS["everywhere"])


def publisher_country(domain: str | None, stated: str | None) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of the publisher's country, None where nothing tells it.

    Args:
        domain: The site's registrable domain.
        stated: The country in the publisher's address, as its pages state it; only a code counts.
    """
    if stated is not None and len(stated) == 2 and stated.isascii() and stated.isalpha():
        return stated.upper()
    ending = (domain or "").rpartition(".")[2]
    if len(ending) != 2 or not (ending.isascii() and ending.isalpha()) or ending in _EVERYWHERE:
        return None
    return _CODES.get(ending, ending.upper())
