"""Signatures of article versions, made for a batch at once.

Equal texts have equal signatures on every machine and NumPy version. Normalisation uses the Unicode tables of Python,
so a character that a newer Unicode version has added may be normalised differently by an older Python: run the same
Python version in all `ingest` workers. Any change to the computed values needs a new SIGNATURE_VERSION; signatures of
different versions are never compared.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.params import SigningParams
from pipeline.dedup.signature.character_classes import SCRIPT_NAMES, classes_of, scripts_of
from pipeline.dedup.signature.facts import pack_facts
from pipeline.dedup.signature.minhash import sketches
from pipeline.dedup.signature.normalise import normalised
from pipeline.dedup.signature.shingles import Tokens, shingle, tokenise
from pipeline.domain.changes import ArticleFacts
from pipeline.domain.ids import ArticleId
from pipeline.domain.raw import Action
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature

__all__ = ["SIGNATURE_VERSION", "SigningInput", "SigningParams", "sign"]

SIGNATURE_VERSION: Final = 1

_DEFAULT: Final = SigningParams()
_BATCH_ARTICLES: Final = 16
"""Articles handled together. Fewer cost more NumPy calls, more exceed the processor's cache; results are the same."""

Points = NDArray[Any]


class _TextParts(NamedTuple):
    """What a signature has of one normalised body."""

    sketch: bytes
    numbers: bytes
    script: str
    shingles: int
    words: tuple[NDArray[np.uint64], NDArray[np.bool_]]
    """Hash of each word, and whether it is a number."""


class SigningInput(Struct, frozen=True, kw_only=True):
    """The parts of an article that its signature is made of; see `Signature` for those that are copied.

    Without `facts` the signature has none, and the article's copies and versions are compared by its text alone.
    """

    article_id: ArticleId
    origin: Origin
    action: Action = "publish"
    headline: str
    body: str
    facts: ArticleFacts | None = None
    source: str = ""
    agency: str = ""
    declared_source: str = ""
    ingested_at_ms: int
    observed_at_ms: int
    undated: bool = False
    published_at_ms: int | None = None


def sign(batch: Sequence[SigningInput], params: SigningParams = _DEFAULT) -> list[Signature]:
    """Return one signature per article, in order."""
    bodies = normalised([item.body for item in batch])
    headlines = normalised([item.headline for item in batch])
    standfirsts = normalised([item.facts.standfirst if item.facts is not None else "" for item in batch])
    signatures: list[Signature | None] = [None] * len(batch)
    plain = [place for place, body in enumerate(bodies) if body.isascii()]
    others = [place for place, body in enumerate(bodies) if not body.isascii()]
    for places in (plain, others):  # separately, because ASCII text needs one byte per character
        for start in range(0, len(places), _BATCH_ARTICLES):
            chosen = places[start : start + _BATCH_ARTICLES]
            parts = _text_parts([bodies[place] for place in chosen], params)
            for place, part in zip(chosen, parts, strict=True):
                hashes = _hashes(bodies[place], headlines[place])
                facts = batch[place].facts
                packed = (
                    pack_facts(facts, headlines[place], standfirsts[place], bodies[place], part.words)
                    if facts is not None
                    else b""
                )
                signatures[place] = _signature(batch[place], hashes, part, packed)
    return [signature for signature in signatures if signature is not None]


def _text_parts(bodies: list[str], params: SigningParams) -> Iterator[_TextParts]:
    """Return the parts of each normalised body."""
    points, starts = _points(bodies, params.script_step)
    tokens = tokenise(points, classes_of(points), starts, params)
    shingles = shingle(tokens, len(bodies), params)
    counts = np.bincount(shingles.texts, minlength=len(bodies)).tolist()
    rows = sketches(shingles, len(bodies)).astype("<u2")
    drawn = [row.tobytes() if count >= params.min_shingles else b"" for row, count in zip(rows, counts, strict=True)]
    scripts = _scripts(points, starts, params.script_step)
    return map(_TextParts, drawn, _numbers(tokens, len(bodies)), scripts, counts, _words(tokens, len(bodies)))


def _points(texts: Sequence[str], step: int) -> tuple[Points, NDArray[np.int64]]:
    """Return the code points of all texts, and the position at which each text starts.

    Each text is followed by line breaks, one at least, so that the next one starts at a multiple of `step`.
    """
    padded = [text + "\n" * (step - len(text) % step) for text in texts]
    starts = np.fromiter(accumulate(map(len, padded[:-1]), initial=0), np.int64, len(texts))
    joined = "".join(padded)
    if joined.isascii():
        return np.frombuffer(joined.encode("ascii"), dtype=np.uint8), starts
    return np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4"), starts


def _hashes(body: str, headline: str) -> tuple[bytes, bytes]:
    """Return content hash and text hash. The text hash of an empty body is empty."""
    text = blake2b(_encoded(body), digest_size=16, person=b"news-text").digest()
    content = blake2b(text + _encoded(headline), digest_size=16, person=b"news-content").digest()
    return content, text if body else b""


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _numbers(tokens: Tokens, bodies: int) -> list[bytes]:
    """Return a hash of the multiset of numbers of each body."""
    sums = np.zeros(bodies, dtype=np.uint64)
    np.add.at(sums, tokens.texts[tokens.numeric], tokens.hashes[tokens.numeric])
    return [int(value).to_bytes(8, "big") for value in sums.tolist()]


def _words(tokens: Tokens, bodies: int) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.bool_]]]:
    """Return the hashes of each body's words, and whether they are numbers."""
    ends = np.searchsorted(tokens.texts, np.arange(bodies + 1)).tolist()
    for start, end in pairwise(ends):
        yield tokens.whole[start:end], tokens.numeric[start:end]


def _scripts(points: Points, starts: NDArray[np.int64], step: int) -> list[str]:
    """Return the most frequent script of each text, among every `step`th character."""
    width = len(SCRIPT_NAMES)
    sampled = scripts_of(points[::step])
    sizes = np.diff(np.append(starts, len(points))) // step
    owners = np.repeat(np.arange(0, len(starts) * width, width), sizes)
    counts = np.bincount(owners + sampled, minlength=len(starts) * width).reshape(-1, width)
    counts[:, 0] = 0  # characters without a script: spaces, digits, punctuation
    return [SCRIPT_NAMES[script] for script in counts.argmax(axis=1).tolist()]


def _signature(item: SigningInput, hashes: tuple[bytes, bytes], parts: _TextParts, facts: bytes) -> Signature:
    content, text = hashes
    return Signature(
        version=SIGNATURE_VERSION,
        article_id=item.article_id,
        origin=item.origin,
        action=item.action,
        content_hash=content,
        text_hash=text,
        source=item.source,
        agency=item.agency,
        declared_source=item.declared_source,
        ingested_at_ms=item.ingested_at_ms,
        observed_at_ms=item.observed_at_ms,
        undated=item.undated,
        sketch=parts.sketch,
        numbers_hash=parts.numbers,
        script=parts.script,
        shingles=parts.shingles,
        facts=facts,
        published_at_ms=item.published_at_ms,
    )
