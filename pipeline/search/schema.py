"""The fields of the index."""

from typing import Final

import tantivy

__all__ = ["ARTICLE", "FACETS", "POSITIONS", "SCHEMA", "STORY", "key_of"]

ARTICLE: Final = "article"
STORY: Final = "story"
"""The kind of a document that has the counts of a cluster."""
POSITIONS: Final = "positions"
"""The kind of the one document that has the positions in the topics, so that they are committed with the articles."""

FACETS: Final = ("language", "subject", "publisher", "day")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("key", "kind", "cluster"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("headline", "body"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in ("headline_stems", "body_stems"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    builder.add_unsigned_field("story", fast=True)  # a hash of the cluster: numbers are fetched at once, texts are not
    builder.add_integer_field("time", fast=True)
    builder.add_bytes_field("value", stored=True)
    builder.add_bytes_field("vector", stored=True)
    return builder.build()


SCHEMA: Final = _schema()


def key_of(kind: str, name: str = "") -> str:
    """Return the key of a document, by which it is replaced: articles and clusters have ids of their own."""
    return f"{kind}:{name}"
