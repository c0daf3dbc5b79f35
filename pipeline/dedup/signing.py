"""Signatures: the compact fingerprint of an article version, made for a whole batch at once.

A signature is stable for ever: same text, same signature, on every machine, Python and NumPy. Any change to what is
computed here is a new SIGNATURE_VERSION, which `Activate` puts in force; signatures of different versions are never
compared.
"""

import unicodedata
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate, pairwise
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.characters import SCRIPT_NAMES, classes_of, scripts_of, without_controls
from pipeline.dedup.params import SigningParams
from pipeline.dedup.shingles import Tokens, shingle, tokenise
from pipeline.dedup.sketch import sketches
from pipeline.domain.article import Action
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature

__all__ = ["SIGNATURE_VERSION", "SigningInput", "SigningParams", "sign"]

SIGNATURE_VERSION: Final = 1

_DEFAULT: Final = SigningParams()
_AT_ONCE: Final = 8
"""Articles handled together: more do not fit the processor's cache, fewer pay NumPy's overhead alone."""
_SCRIPT_STEP: Final = 4
"""Every fourth character is enough to know the script most are in."""


class SigningInput(Struct, frozen=True, kw_only=True):
    """What a signature is made of."""

    article_id: ArticleId
    origin: Origin
    action: Action = "publish"
    headline: str
    body: str
    canonical_url: str | None = None
    source: str = ""
    agency: str = ""
    ingested_at_ms: int
    observed_at_ms: int


def sign(batch: Sequence[SigningInput], params: SigningParams = _DEFAULT) -> list[Signature]:
    """Return one signature per article, in order."""
    signatures: list[Signature] = []
    for start in range(0, len(batch), _AT_ONCE):
        signatures += _sign(batch[start : start + _AT_ONCE], params)
    return signatures


def _sign(batch: Sequence[SigningInput], params: SigningParams) -> list[Signature]:
    bodies = [_folded(item.body) for item in batch]
    points, starts = _points(bodies)
    tokens = tokenise(points, classes_of(points), starts, params)
    shingles = shingle(tokens, len(batch), params)
    counts = np.bincount(shingles.texts, minlength=len(batch)).tolist()
    rows = sketches(shingles, len(batch)).astype("<u2")
    numbers = _numbers(tokens, len(batch))
    scripts = _scripts(points, starts)
    return [
        _signature(
            item, *_hashes(body, item.headline), _sketch(rows[i], counts[i], params), numbers[i], scripts[i], counts[i]
        )
        for i, (item, body) in enumerate(zip(batch, bodies, strict=True))
    ]


def _folded(text: str) -> str:
    """Return a text as it is hashed: NFKC, lower case, no controls, single spaces."""
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = " ".join(folded.split())
    # What Python can print holds no controls; whatever else it cannot print is left alone by the frozen table.
    return folded if folded.isprintable() else " ".join(without_controls(folded).split())


def _points(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the characters of all texts, with a line break after each, and where each starts."""
    joined = "\n".join(texts) + "\n"
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    starts = np.fromiter(accumulate((len(text) + 1 for text in texts[:-1]), initial=0), np.int64, len(texts))
    return points, starts


def _hashes(body: str, headline: str) -> tuple[bytes, bytes]:
    """Return content hash and text hash; empty parts have a hash in the first, but an empty body has no text hash."""
    text = blake2b(_encoded(body), digest_size=16, person=b"news-text").digest()
    content = blake2b(text + _encoded(_folded(headline)), digest_size=16, person=b"news-content").digest()
    return content, text if body else b""


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _sketch(row: NDArray[np.uint16], count: int, params: SigningParams) -> bytes:
    return row.tobytes() if count >= params.min_shingles else b""


def _numbers(tokens: Tokens, bodies: int) -> list[bytes]:
    """Hash the multiset of numbers of each body, whatever their order."""
    sums = np.zeros(bodies, dtype=np.uint64)
    np.add.at(sums, tokens.texts[tokens.numeric], tokens.hashes[tokens.numeric])
    return [int(value).to_bytes(8, "big") for value in sums.tolist()]


def _scripts(points: NDArray[np.uint32], starts: NDArray[np.int64]) -> list[str]:
    names = []
    for start, end in pairwise([*starts.tolist(), len(points)]):
        counts = np.bincount(scripts_of(points[start:end:_SCRIPT_STEP]), minlength=len(SCRIPT_NAMES))
        counts[0] = 0  # spaces, digits, punctuation
        names.append(SCRIPT_NAMES[int(counts.argmax())])
    return names


def _signature(
    item: SigningInput,
    content: bytes,
    text: bytes,
    sketch: bytes,
    numbers: bytes,
    script: str,
    shingles: int,
) -> Signature:
    url = item.canonical_url
    return Signature(
        version=SIGNATURE_VERSION,
        article_id=item.article_id,
        origin=item.origin,
        action=item.action,
        content_hash=content,
        text_hash=text,
        canonical_url_hash=blake2b(url.encode("utf-8", "surrogatepass"), digest_size=8).digest() if url else b"",
        source=item.source,
        agency=item.agency,
        ingested_at_ms=item.ingested_at_ms,
        observed_at_ms=item.observed_at_ms,
        sketch=sketch,
        numbers_hash=numbers,
        script=script,
        shingles=shingles,
    )
