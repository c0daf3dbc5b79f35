"""A saved query as it is compared with articles: groups of conditions, of each of which one must hold."""

from typing import Final

from msgspec import Struct

from pipeline.alert.article_keys import ArticleKeys, first_key, value_key
from pipeline.alert.params import QUERIES
from pipeline.alert.saved_query import SavedQuery
from pipeline.search.analysis import STEMMERS, Word, languages_of
from pipeline.search.documents import stemmed
from pipeline.search.query import QueryError, Term, groups, read_query

__all__ = ["AnyKey", "Beginning", "CompiledQuery", "Condition", "Phrase", "compiled"]

_FILTERS: Final = ("language", "subject", "publisher", "country")


class AnyKey(Struct, frozen=True):
    """The article has one of these keys."""

    keys: frozenset[str]

    def holds(self, article: ArticleKeys) -> bool:
        """Return whether an article meets the condition."""
        return not self.keys.isdisjoint(article.keys)

    @property
    def ways(self) -> tuple[frozenset[str], ...]:
        """Sets of keys: an article that meets the condition has a key of each set."""
        return (self.keys,)


class Phrase(Struct, frozen=True):
    """These words are in a row in the headline or in the text."""

    words: tuple[str, ...]

    def holds(self, article: ArticleKeys) -> bool:
        """Return whether an article meets the condition."""
        row = f" {' '.join(self.words)} "
        return row in article.headline or row in article.text

    @property
    def ways(self) -> tuple[frozenset[str], ...]:
        """Sets of keys: an article that meets the condition has a key of each set."""
        return tuple(frozenset({word}) for word in self.words)


class Beginning(Struct, frozen=True):
    """A word of the article begins with this, which is not ASCII."""

    text: str

    def holds(self, article: ArticleKeys) -> bool:
        """Return whether an article meets the condition."""
        start = f" {self.text}"
        return start in article.headline or start in article.text

    @property
    def ways(self) -> tuple[frozenset[str], ...]:
        """Sets of keys: an article that meets the condition has a key of each set."""
        return (frozenset({first_key(self.text)}),)


Condition = AnyKey | Phrase | Beginning


class CompiledQuery(Struct, frozen=True):
    """A query that articles can be compared with.

    An article matches if one condition of each group of `required` holds, and none of `excluded`.
    """

    saved: SavedQuery
    required: tuple[tuple[Condition, ...], ...]
    excluded: tuple[Condition, ...]

    def matches(self, article: ArticleKeys) -> bool:
        """Return whether an article matches."""
        for group in self.required:
            if not any(condition.holds(article) for condition in group):
                return False
        return not any(condition.holds(article) for condition in self.excluded)


def compiled(saved: SavedQuery) -> CompiledQuery:
    """Return a saved query as it is compared with articles.

    Raises:
        QueryError: It asks for more than is allowed, for what is not known of an event, or for nothing.
    """
    query = read_query({"q": (saved.words,)})
    if query.related_to is not None or query.story is not None:
        raise QueryError("`related:` and `story:` are for the search only")
    languages = tuple(tag for tag in saved.language if tag in STEMMERS)
    required = [tuple(_condition(term, languages) for term in group) for group in groups(query.terms)]
    required += [(AnyKey(keys),) for keys in _filters(saved)]
    if not required:
        raise QueryError("a query needs a word or a filter; what it excludes is not enough")
    excluded = tuple(_condition(term, languages) for term in query.terms if term.is_excluded)
    return CompiledQuery(saved, tuple(required), excluded)


def _filters(saved: SavedQuery) -> list[frozenset[str]]:
    chosen = {name: getattr(saved, name) for name in _FILTERS}
    if sum(map(len, chosen.values())) > QUERIES.max_values:
        raise QueryError(f"there are at most {QUERIES.max_values} values of filters")
    if saved.reliable:
        chosen["reliable"] = chosen.pop("subject")
    return [frozenset(value_key(name, value) for value in values) for name, values in chosen.items() if values]


def _condition(term: Term, languages: tuple[str, ...]) -> Condition:
    """Return the condition for a term, as the search understands it."""
    first = term.words[0]
    if len(term.words) == 1 and first.is_single:
        return Beginning(first.text)
    if len(term.words) == 1 and not term.is_phrase:
        return AnyKey(_forms(first, languages))
    texts = term.texts
    return AnyKey(frozenset(texts)) if len(texts) == 1 else Phrase(texts)


def _forms(word: Word, languages: tuple[str, ...]) -> frozenset[str]:
    """Return a word, and its common form in each language that it may be in."""
    if word.kind != "word":
        return frozenset({word.text})
    possible = (tag for tag in languages_of(word.text) if not languages or tag in languages)
    return frozenset({word.text, *(stemmed(word.text, tag) for tag in possible)})
