"""The genre of an article, and who can read it at its publisher."""

from typing import Final, Literal

from msgspec import Struct

__all__ = ["GENRE_CODES", "Access", "Genre", "GenreEvidence", "GenreName"]

GenreName = Literal[
    "opinion",
    "analysis",
    "background",
    "interview",
    "live",
    "press_release",
    "review",
    "obituary",
    "fact_check",
    "sponsored",
    "satire",
    "horoscope",
    "press_review",
]
"""What kind of text an article is, where it is something else than a report."""

GENRE_CODES: Final[dict[GenreName, str]] = {
    "opinion": "genre:Opinion",
    "analysis": "genre:Analysis",
    "background": "genre:Background",
    "interview": "genre:Interview",
    "live": "genre:LiveCoverage",
    "press_release": "genre:Press_Release",
    "review": "genre:Review",
    "obituary": "genre:Obituary",
    "fact_check": "genre:Fact_Check",
    "sponsored": "genre:Sponsored",
    "satire": "genre:Satire",
    "horoscope": "genre:horoscope",
    "press_review": "genre:Press-Digest",
}
"""The code of each genre in the IPTC's list, release 2024-02-13."""

GenreEvidence = Literal["json-ld", "label", "url", "headline", "text"]
"""What states the genre, the surest first."""

Access = Literal["free", "paywalled"]
"""Who can read an article at its publisher: everybody, or subscribers."""


class Genre(Struct, frozen=True, kw_only=True):
    """A genre: its code in the IPTC's list, its short name, and what states it."""

    code: str
    name: GenreName
    evidence: GenreEvidence
