"""Texts whose subjects were read: labels by people who read the text, not the sections of a publisher.

Trainer, calibration and evaluation load them here, so that they agree about which texts are held out. A text is found
by the hash of its beginning; the labels in `data/labels/*.tsv` of this package hold that hash and codes, never text.
"""

import functools
import hashlib
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.training.corpora import SENTENCES, mapping_of, read_rows, tag_of

__all__ = ["ReadText", "is_held_out", "read_labels", "text_id", "whole_text"]

_READ_SETS: Final = ("read_leipzig", "read_masakhanews", "read_sanad", "read_indosum", "read_jawikinews")
_DOCUMENTS: Final = "ntrex_news"
_HEADLINES: Final = "dsfsi_zulu_siswati"
_SIB_CODES: Final = "sib200_iptc.tsv"
_MORE: Final = (
    "ancora-cess-es",
    "factrueval-ru",
    "farsnews-fa",
    "kpwr-wikinews-pl",
    "tehrantimes-en",
    "ud-bosque-pt",
    "ud-set-hr",
    "ud-set-sr",
    "wikinews-en",
    "wikinews-fr-100",
    "wikinews-text2test",
)
# Set in a label file → the file that holds its texts.
_SOURCES: Final = {
    "masakhanews": "topic/masakhanews.jsonl.gz",
    "sanad": "topic/sanad_arabic.jsonl.gz",
    "indosum": "topic/indosum_dev.jsonl.gz",
    "jawikinews": "raw/jawikinews.jsonl.gz",
    "leipzig": "lid/lingua_testdata.jsonl.gz",
    # Sets from elsewhere, as training/data/labels/README.md says.
    **{name: f"more/{name}.jsonl.gz" for name in _MORE},
}
_ID_CHARS: Final = 200  # characters that identify a text
_HELD_OUT: Final = 10  # one text of so many is held out
_SENTENCE_WEIGHT: Final = 0.7  # of a sentence that is not news; the trial of the encoder used it
_HEADLINE_WEIGHT: Final = 0.5  # of a headline labelled with one code by students of another project


class ReadText(Struct, frozen=True):
    """A text and the subjects that its reader gave.

    Attributes:
        id: Hash of the beginning of the text.
        set: Where the text comes from.
        group: What is held out as a whole: the document or sentence that this is a translation of, otherwise `id`.
        language: BCP 47 tag.
        text: Headline and body where the set has both, otherwise what it has.
        codes: One to three codes of eight digits, the main one first.
        weight: Weight of the labels in training.
        second: Codes of the second level under `codes`; None where nobody looked for them, empty where none was clear.
        defensible: Further codes that are no mistake, of texts that are held out; empty for all others.
    """

    id: str
    set: str
    group: str
    language: str
    text: str
    codes: tuple[str, ...]
    weight: float = 1.0
    second: tuple[str, ...] | None = None
    defensible: tuple[str, ...] = ()

    @property
    def doc(self) -> str | None:
        """The document or sentence of which this is one of many translations; None for other texts."""
        return None if self.group == self.id else self.group

    @property
    def held_out(self) -> bool:
        """Whether training never uses this text, nor its translations."""
        return is_held_out(self.group)


def text_id(text: str) -> str:
    """Return the identity of a text: the MD5 of its first 200 characters."""
    return _hash(text[:_ID_CHARS])


def is_held_out(text_id: str) -> bool:
    """Return whether a text is kept for calibration and measuring, and never trained on.

    Args:
        text_id: `text_id` of a text; of NTREX the id of the document, and of SIB-200 the id of the sentence, because
            a translation gives its document away. The same text in another set, with or without a label, has the same
            id and is to be left out of training too.
    """
    return int(_hash(text_id), 16) % _HELD_OUT == 0


def read_labels(data: Path) -> Iterator[ReadText]:
    """Yield all texts with labels by reading; texts that the reader gave no subject are left out.

    A text in several sets is yielded once: the labels of this package win over those of the directory.

    Args:
        data: A directory of corpora; absent files are skipped.

    Raises:
        InputError: A file cannot be read.
    """
    seen: set[str] = set()
    for item in (*_ours(data), *_read_sets(data), *_documents(data), *_headlines(data)):
        if item.id not in seen or item.doc:
            seen.add(item.id)
            if item.codes:
                yield _with_defensible(item)
    yield from map(_with_defensible, _sentences(data))


def _with_defensible(item: ReadText) -> ReadText:
    found = _defensible().get((item.set.removeprefix("read_"), item.group), ())
    return replace(item, defensible=tuple(code for code in found if code not in item.codes)) if found else item


@functools.cache
def _defensible() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return set and group → codes that are no mistake, from a second reading of the texts that are held out."""
    file = resources.files("pipeline_research.training") / "data" / "defensible.tsv"
    lines = (line.split("\t") for line in file.read_text(encoding="utf-8").splitlines())
    return {(name, group): _codes(codes.split(",")) for name, group, codes in lines}


def _hash(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _codes(values: list[str]) -> tuple[str, ...]:
    """Return codes of eight digits; two digits are enough, anything else (`skip`, `-`) is no code."""
    found = (f"{value.strip()[:2]}000000" for value in values)
    return tuple(dict.fromkeys(code for code in found if code in CODES))


def _item(name: str, language: str, text: str, codes: tuple[str, ...], weight: float = 1.0) -> ReadText:
    key = text_id(text)
    return ReadText(key, name, key, language, text, codes, weight)


def _ours(data: Path) -> Iterator[ReadText]:
    wanted: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for file in _label_files():
        for line in file.read_text(encoding="utf-8").splitlines():
            name, key, codes, second, *_ = (*line.split("\t"), "", "", "")
            if name in _SOURCES:
                wanted.setdefault(name, {})[key] = _codes(codes.split(",")), tuple(filter(None, second.split(",")))
    for name, labels in wanted.items():
        path = data / _SOURCES[name]
        left = dict(labels)
        for row in read_rows(path) if path.exists() else ():
            text = whole_text(str(row.get("title") or ""), str(row["text"]))
            found = left.pop(text_id(text), None)
            if found is not None:
                yield replace(_item(name, str(row["lang"]), text, found[0]), second=found[1])


def _label_files() -> list[Traversable]:
    folder = resources.files("pipeline_research.training") / "data" / "labels"
    found = [file for file in folder.iterdir() if file.name.endswith(".tsv")] if folder.is_dir() else []
    return sorted(found, key=lambda file: file.name)


def whole_text(title: str, text: str) -> str:
    """Return title and text as one; some sets repeat the title at the start of the text."""
    return f"{title}\n{text}" if title and not text.startswith(title) else text


def _read_sets(data: Path) -> Iterator[ReadText]:
    for name in _READ_SETS:
        path = data / "topic" / f"{name}.jsonl.gz"
        for row in read_rows(path) if path.exists() else ():
            yield _item(name, str(row["lang"]), str(row["text"]), _codes(row["labels"]))


def _documents(data: Path) -> Iterator[ReadText]:
    path = data / "topic" / f"{_DOCUMENTS}.jsonl.gz"
    for row in read_rows(path) if path.exists() else ():
        text = str(row["text"])
        yield ReadText(text_id(text), _DOCUMENTS, str(row["doc"]), str(row["lang"]), text, _codes(row["labels"]))


def _headlines(data: Path) -> Iterator[ReadText]:
    path = data / "topic" / f"{_HEADLINES}.jsonl.gz"
    mapping = mapping_of(data).get(_HEADLINES, {}) if path.exists() else {}
    for row in read_rows(path) if path.exists() else ():
        codes = _codes([mapping.get(str(row["label"]), "skip")])
        yield _item(_HEADLINES, str(row["lang"]), str(row["text"]), codes, _HEADLINE_WEIGHT)


def _sentences(data: Path) -> Iterator[ReadText]:
    labels, path = data / _SIB_CODES, data / "topic" / f"{SENTENCES}.jsonl.gz"
    if not (labels.exists() and path.exists()):
        return
    lines = (line.split("\t") for line in labels.read_text(encoding="utf-8").splitlines())
    codes_of = {number: _codes(codes.split(",")) for number, codes, *_ in lines}
    for row in read_rows(path):
        codes, text = codes_of.get(str(row["id"])), str(row["text"])
        if codes:
            language = tag_of(str(row["lang"]))
            yield ReadText(text_id(text), SENTENCES, str(row["id"]), language, text, codes, _SENTENCE_WEIGHT)
