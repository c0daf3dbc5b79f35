"""Signatures: the compact fingerprint of an article version, made for a whole batch at once.

A signature is stable for ever: same text, same signature, on every machine, Python and NumPy. Any change to what is
computed here is a new SIGNATURE_VERSION, which `Activate` puts in force; signatures of different versions are never
compared.
"""

import unicodedata
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.characters import CONTROL, LETTER, SCRIPT_NAMES, SPACE, class_and_script
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
_BLANK: Final = 0x20
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


class _Texts(Struct, frozen=True):
    """Headlines and bodies in turn, folded, in one array; `starts` and `ends` cut them out."""

    points: NDArray[np.uint32]
    classes: NDArray[np.uint8]
    scripts: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def sign(batch: Sequence[SigningInput], params: SigningParams = _DEFAULT) -> list[Signature]:
    """Return one signature per article, in order."""
    signatures: list[Signature] = []
    for start in range(0, len(batch), _AT_ONCE):
        signatures += _sign(batch[start : start + _AT_ONCE], params)
    return signatures


def _sign(batch: Sequence[SigningInput], params: SigningParams) -> list[Signature]:
    texts = _fold([part for item in batch for part in (item.headline, item.body)])
    bodies = len(batch)
    tokens = _of_bodies(tokenise(texts.points, texts.classes, texts.starts, params))
    shingles = shingle(tokens, bodies, params)
    counts = np.bincount(shingles.texts, minlength=bodies).tolist()
    rows = sketches(shingles, bodies).astype("<u2")
    numbers = _numbers(tokens, bodies)
    scripts = _scripts(texts, bodies)
    return [
        _signature(item, *_hashes(texts, i), _sketch(rows[i], counts[i], params), numbers[i], scripts[i], counts[i])
        for i, item in enumerate(batch)
    ]


def _fold(parts: Sequence[str]) -> _Texts:
    """Fold texts (NFKC, lower case, no controls, single spaces) into one array of characters."""
    folded = [_canonical(part) for part in parts]
    joined = "\n".join(folded)
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)
    starts = np.fromiter(accumulate((len(part) + 1 for part in folded), initial=0), np.int64, len(folded) + 1)
    classes, scripts = class_and_script(points)
    blank = classes == SPACE
    points[blank] = _BLANK
    seen = classes != CONTROL
    points, classes, scripts = points[seen], classes[seen], scripts[seen]
    starts = np.concatenate(([0], np.cumsum(seen)))[np.minimum(starts, len(seen))]
    blank = classes == SPACE
    seen = np.ones(len(points), dtype=np.bool_)
    np.logical_not(blank[1:] & blank[:-1], out=seen[1:])
    points, classes, scripts = points[seen], classes[seen], scripts[seen]
    starts = np.concatenate(([0], np.cumsum(seen)))[starts]
    return _Texts(points, classes, scripts, starts[:-1], starts[1:])


def _canonical(text: str) -> str:
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded)


def _of_bodies(tokens: Tokens) -> Tokens:
    """Keep the tokens of bodies (every second text) and number them by article."""
    kept = (tokens.texts & 1).astype(np.bool_)
    return Tokens(tokens.hashes[kept], tokens.texts[kept] >> 1, tokens.numeric[kept], tokens.signs[kept])


def _hashes(texts: _Texts, index: int) -> tuple[bytes, bytes]:
    """Return content hash and text hash of an article; empty parts have a hash too, but an empty body has none."""
    headline, body = _stripped(texts, 2 * index), _stripped(texts, 2 * index + 1)
    text = blake2b(body, digest_size=16, person=b"news-text").digest()
    content = blake2b(text + headline, digest_size=16, person=b"news-content").digest()
    return content, text if body else b""


def _stripped(texts: _Texts, index: int) -> bytes:
    start, end = int(texts.starts[index]), int(texts.ends[index])
    points = texts.points
    while start < end and points[start] == _BLANK:
        start += 1
    while end > start and points[end - 1] == _BLANK:
        end -= 1
    return points[start:end].tobytes().decode("utf-32-le", "surrogatepass").encode("utf-8", "surrogatepass")


def _sketch(row: NDArray[np.uint16], count: int, params: SigningParams) -> bytes:
    return row.tobytes() if count >= params.min_shingles else b""


def _numbers(tokens: Tokens, bodies: int) -> list[bytes]:
    """Hash the multiset of numbers of each body, whatever their order."""
    sums = np.zeros(bodies, dtype=np.uint64)
    np.add.at(sums, tokens.texts[tokens.numeric], tokens.hashes[tokens.numeric])
    return [int(value).to_bytes(8, "big") for value in sums.tolist()]


def _scripts(texts: _Texts, bodies: int) -> list[str]:
    letters = np.flatnonzero(texts.classes[::_SCRIPT_STEP] >= LETTER) * _SCRIPT_STEP
    owners = (np.searchsorted(texts.starts, letters, side="right") - 1) >> 1
    names = len(SCRIPT_NAMES)
    counts = np.bincount(owners * names + texts.scripts[letters], minlength=bodies * names).reshape(bodies, names)
    counts[:, 0] = 0  # digits are of no script
    return [SCRIPT_NAMES[i] for i in counts.argmax(axis=1).tolist()]


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
