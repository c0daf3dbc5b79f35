"""Articles that share rare words with a given one: what `related:` finds without vectors, within a language."""

import math
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Any

import tantivy

from pipeline.search.analysis import words
from pipeline.search.params import RANKING
from pipeline.search.schema import SCHEMA

__all__ = ["alike_in_words"]


def alike_in_words(searcher: Any, article: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Return parts of a query for articles with enough of the words that set an article apart.

    Args:
        searcher: Tells how many articles have a word.
        article: The value that the index keeps of the article.
    """
    text = f"{article['headline']}\n{article['body']}"
    counts = Counter(word.text for word in islice(words(text), RANKING.likeness_read) if not word.is_single)
    total = max(1, searcher.num_docs)
    weights = {
        word: count * math.log(1 + total / max(1, searcher.doc_freq("body", word))) for word, count in counts.items()
    }
    chosen = sorted(weights, key=lambda word: (-weights[word], word))[: RANKING.likeness_words]
    if not chosen:
        return [(tantivy.Occur.Must, tantivy.Query.empty_query())]
    parts = [(tantivy.Occur.Should, tantivy.Query.term_query(SCHEMA, "body", word)) for word in chosen]
    least = math.ceil(RANKING.likeness_share * len(parts))
    return [(tantivy.Occur.Must, tantivy.Query.boolean_query(parts, minimum_number_should_match=least))]
