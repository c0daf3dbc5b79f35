"""Methods that recognise copies: the fold of the pipeline, and peers whose packages are installed."""

import importlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Void
from pipeline.text.facts.article_facts import article_facts
from pipeline_research.evaluation.shingling import word_shingles

__all__ = ["OURS", "Finder", "Published", "cluster_labels", "finders", "new_fold", "ours"]

OURS: Final = "news-pipeline"
_PERMUTATIONS: Final = 128
_ELSEWHERE: Final = 1 << 32
"""Offsets from here on belong to texts that are looked up; lower ones are the numbers of the originals."""


class Published(Struct, frozen=True):
    """An article: its text, publisher and headline."""

    text: str
    source: str
    headline: str = ""


Find = Callable[[Published], set[int]]
"""A text → the numbers of the originals of which the method considers it a copy."""


class Finder(Struct, frozen=True):
    """A method that recognises copies; `index` takes the originals."""

    name: str
    index: Callable[[Sequence[Published]], Find]


def finders(*, peers: bool) -> tuple[list[Finder], list[str]]:
    """Return our method and, if wanted, the installed peers; and the names of the other peers."""
    found, absent = [Finder(OURS, ours)], []
    for name, module, index in _PEERS if peers else ():
        try:
            found.append(Finder(name, index(importlib.import_module(module))))
        except ImportError:
            absent.append(name)
    if peers:
        found.append(Finder("exact", _exact))
    return found, absent


def cluster_labels(published: Sequence[Published]) -> list[str]:
    """Fold articles in their order; return the cluster of each."""
    fold = new_fold()
    entries = [(signature, 0) for signature in sign([_input(item, number) for number, item in enumerate(published)])]
    return [verdict.cluster_id for verdict in fold.apply_all(entries) if verdict is not None]


def _input(item: Published, number: int) -> SigningInput:
    return SigningInput(
        article_id=ArticleId(f"{number:032x}"),
        origin=Origin("", 0, number),
        headline=item.headline,
        body=item.text,
        facts=article_facts(headline=item.headline, paragraphs=item.text.split("\n")),
        source=item.source,
        ingested_at_ms=0,
        observed_at_ms=0,
    )


def new_fold(version: int | None = None) -> Fold:
    """Return an empty fold of a version, or of the newest one."""
    return Fold(FOLD_VERSIONS[max(FOLD_VERSIONS) if version is None else version])


def ours(originals: Sequence[Published], version: int | None = None) -> Find:
    """Index originals with our fold, of a version or of the newest one."""
    fold = new_fold(version)
    for signature in sign([_input(item, number) for number, item in enumerate(originals)]):
        fold.apply(signature, 0)
    looked_up = _ELSEWHERE

    def find(item: Published) -> set[int]:
        nonlocal looked_up
        looked_up += 1
        (signature,) = sign([_input(item, looked_up)])
        verdict = fold.apply(signature, 0)
        # A void removes the text again, so that the next text is not compared with it.
        fold.apply(Void(article_id=signature.article_id, origin=signature.origin), 0)
        return set() if verdict is None or verdict.passes else {int(verdict.canonical_id, 16)}

    return find


def _datasketch(threshold: float) -> Callable[[Any], Callable[[Sequence[Published]], Find]]:
    def make(module: Any) -> Callable[[Sequence[Published]], Find]:
        def index(originals: Sequence[Published]) -> Find:
            lsh = module.MinHashLSH(threshold=threshold, num_perm=_PERMUTATIONS)
            known = [_minhash(item.text) for item in originals]
            for number, minhash in enumerate(known):
                lsh.insert(number, minhash)

            def find(item: Published) -> set[int]:
                minhash = _minhash(item.text)
                return {number for number in lsh.query(minhash) if known[number].jaccard(minhash) >= threshold}

            return find

        return index

    return make


@lru_cache(maxsize=1 << 16)
def _minhash(text: str) -> Any:
    minhash = importlib.import_module("datasketch").MinHash(num_perm=_PERMUTATIONS)
    minhash.update_batch([shingle.encode("utf-8", "surrogatepass") for shingle in sorted(word_shingles(text))])
    return minhash


def _simhash(module: Any) -> Callable[[Sequence[Published]], Find]:
    def made(text: str) -> Any:
        return module.Simhash(sorted(word_shingles(text)))

    def index(originals: Sequence[Published]) -> Find:
        known = module.SimhashIndex([(str(number), made(item.text)) for number, item in enumerate(originals)], k=3)
        return lambda item: {int(name) for name in known.get_near_dups(made(item.text))}

    return index


def _exact(originals: Sequence[Published]) -> Find:
    known = {item.text: number for number, item in enumerate(originals)}
    return lambda item: {known[item.text]} if item.text in known else set()


_PEERS: Final[tuple[tuple[str, str, Callable[[Any], Callable[[Sequence[Published]], Find]]], ...]] = (
    ("datasketch ≥ 0.5", "datasketch", _datasketch(0.5)),
    ("datasketch ≥ 0.8", "datasketch", _datasketch(0.8)),
    ("SimHash k=3", "simhash", _simhash),
)
