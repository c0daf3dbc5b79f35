"""The names under which common APIs, crawlers and formats send the fields of a raw article."""

from collections.abc import Iterator
from typing import Any

__all__ = ["ALIASES", "ENVELOPES", "LISTS", "TEXT_OF_LAST_RESORT", "Names", "plain_name"]

_NAMES = {
    "url": "link permalink weburl pageurl articleurl storyurl originalurl finalurl href thread/url mainentityofpage"
    " canonicalurl canonicallink guid",
    "id": "uuid guid uri articleid newsid storyid storiesid itemid documentid docid",
    "html": "rawhtml pagehtml fullhtml sourcehtml htmlsource pagesource browserhtml",
    "text": "maintext articlebody bodytext fulltext articletext plaintext cleantext textcontent contenttext"
    " articlecontent fields/bodytext body content bodies bodyxhtml bodyhtml contenthtml contentencoded htmlcontent"
    " htmlbody articlebodyhtml fields/body story",
    "title": "headline headlines titlefull webtitle articletitle fields/headline thread/title",
    "subtitle": "subheadline subheading alternativeheadline standfirst deck dek fields/trailtext descriptiontext"
    " descriptionxhtml descriptions description summary excerpt abstract",
    "source": "sourcename sitename publisher publishername medianame outlet newspaper feedname sourcedomain thread/site"
    " infosources sourceid provider",
    "published_at": "datepublished publishdate publisheddate datepublish publicationdate published pubdate publishedon"
    " publishedtime datetimepub webpublicationdate contentcreated firstcreated dategmt thread/published dcdate"
    " publishedparsed datetime date",
    "modified_at": "datemodified datemodify modifieddate updatedat updated modified lastmodified dateupdated"
    " contentmodified versioncreated modifiedgmt updatedparsed",
    "fetched_at": "crawled crawledat scrapedat retrievedat downloadedat datedownload indexeddate collectdate fetchtime"
    " crawltime crawldate scrapedate",
    "language": "lang inlanguage languagecode metalang humanlanguage",
    "authors": "author byline bylines creator dccreator writer journalist authorname fields/byline",
    "section": "articlesection sectionname sectiontitle thread/sectiontitle category categories desk",
    "tags": "keywords newskeywords metakeywords subject subjects categories",
    "rights": "copyrightnotice usageterms license licence copyright",
}

ALIASES: dict[str, tuple[str, ...]] = {field: tuple(names.split()) for field, names in _NAMES.items()}
"""Names of each field besides its own, the surest first, as `plain_name` writes them; a `/` leads into an object.

An object or list may have two uses: what one field reads of it stays under `extra`, and may be read by another.
"""

TEXT_OF_LAST_RESORT = ("description", "summary", "excerpt", "descriptiontext", "abstract")
"""Names that hold the text where nothing else does, as in the items of many feeds."""

ENVELOPES = ("data", "payload", "after", "_source", "article", "item", "entry", "post", "story", "document", "doc")
"""Members that hold an article in what was put around it; CloudEvents, Kafka Connect and search engines are known."""

LISTS = (
    "articles",
    "posts",
    "items",
    "results",
    "entries",
    "stories",
    "hits",
    "docs",
    "documents",
    "response",
    "value",
)
"""Members of the answer of an API that hold many articles. Such an answer is no raw record."""

_SEPARATORS = str.maketrans("", "", "_- :.")


def plain_name(name: str) -> str:
    """Return a name in lower case without separators: `publishedAt`, `published_at` and `Published-At` are one."""
    return name.lower().translate(_SEPARATORS)


class Names:
    """The members of a JSON object by their plain names; of members with one plain name, the first counts."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found
        self._names: dict[str, str] = {}
        for name in found:
            if name not in ALIASES:
                self._names.setdefault(plain_name(name), name)

    def values(self, field: str) -> Iterator[tuple[str, Any]]:
        """Yield a field's values that are not absent: (the member that holds it or its object, value).

        The field's own name comes first, then its aliases in the order of the table.
        """
        if _is_there(self._found.get(field)):
            yield field, self._found[field]
        if not self._names:
            return
        for alias in (plain_name(field), *ALIASES[field]):
            first, _, inner = alias.partition("/")
            name = self._names.get(first)
            # Under another name, true and false say that something is so, not what it is.
            if name is None or isinstance(self._found[name], bool):
                continue
            value = self._found[name]
            if inner:
                value = Names(value).member(inner) if isinstance(value, dict) else None
            if _is_there(value):
                yield name, value

    def member(self, plain: str) -> Any:
        """Return the value of the member with a plain name; None without one."""
        name = self._names.get(plain)
        return self._found.get(plain) if name is None else self._found[name]


def _is_there(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value) and not value.isspace()
    return not (value is None or value in ([], {}))
