"""Read the subject corpora: the sets for training, their labels as IPTC codes, the split, the limits.

The licence of every set is assessed in docs/models/subjects.md; the shipped model is trained on the sets in `SHIPPED`.
A directory of corpora holds `label_map.json` (set → label → IPTC code or `skip`) and `topic/<set>.jsonl.gz` with
`lang`, `text`, `label` or `labels`, and perhaps `split` and `id`.
"""

import functools
import gzip
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from pipeline.sources.errors import InputError

__all__ = [
    "BLOGS",
    "SENTENCES",
    "SHIPPED",
    "Text",
    "held_back",
    "mapping_of",
    "read",
    "read_rows",
    "sets_in",
    "short_tags",
    "tag_of",
]

BLOGS: Final = {"Beauty", "Gaming"}
"""Classes of sanad_arabic that come from another source: neither news nor CC BY."""

SENTENCES: Final = "sib200"
"""The set of sentences, which are not news: the same thousand sentences in 205 languages."""

SHIPPED: Final = (
    "masakhanews",  # AFL-3.0
    SENTENCES,  # CC BY-SA 4.0
    "sanad_arabic",  # seven classes: SANAD, CC BY 4.0 (inferred)
    "huffpost_900",  # CC BY 4.0
    "indosum_dev",  # CC BY-SA 4.0
    "dsfsi_zulu_siswati",  # CC BY-SA 4.0
    "dikgang_setswana",  # CC BY-SA 4.0
    "sncd_somali",  # MIT
    "swedish_category_terms",  # MIT
    "iptc_mediatopic_terms",  # CC BY 4.0
    "iptc_subjectcode_terms",  # CC BY 4.0
)

_TERMS: Final = {"swedish_category_terms", "iptc_mediatopic_terms", "iptc_subjectcode_terms"}
_LIVEDOOR_TAG: Final = re.compile(r"【[^】]{1,30}】")  # contains the section, which is the label
_MAX_CHARS: Final = 3000
_TEST_BYTES: Final = 52  # of 256 values of a hash byte: one text in five is held back
_CAPS: Final = {"ag_news": (800, 80), "reuters21578": (800, 80), "dcnews_slugs_ro": (600, 80), SENTENCES: (40, 60)}
_CAP: Final = (300, 80)  # most texts per language and class: for training, for testing


class Text(Struct, frozen=True):
    """A labelled text; `codes` are all its subjects, `test` whether it is held back from training."""

    source: str
    language: str
    text: str
    codes: tuple[str, ...]
    test: bool


def _key(language: str, text: str) -> bytes:
    letters = re.sub(r"\W", "", text[:800].lower())[:160]
    return hashlib.md5((language + letters).encode(), usedforsecurity=False).digest()


def tag_of(code: str) -> str:
    """Return the language code of a set as BCP 47; SIB-200 uses other codes, such as `arb-Arab`."""
    return _tags().get(code, code)


def short_tags() -> dict[str, str]:
    """Return three-letter code → primary tag, for the languages of SIB-200."""
    return {code.split("-")[0]: tag.split("-")[0] for code, tag in _tags().items()}


@functools.cache
def _tags() -> dict[str, str]:
    data = resources.files("pipeline_research.training") / "data" / "sib200_tags.json"
    found: dict[str, str] = json.loads(data.read_text(encoding="utf-8"))
    return found


def sets_in(data: Path) -> list[str]:
    """Return the names of the labelled sets in a directory.

    Raises:
        InputError: The directory contains none.
    """
    known = mapping_of(data)
    found = sorted(path.name.removesuffix(".jsonl.gz") for path in (data / "topic").glob("*.jsonl.gz"))
    if not any(name in known for name in found):
        raise InputError(f"no labelled sets in {data / 'topic'}")
    return [name for name in found if name in known]


def mapping_of(data: Path) -> dict[str, dict[str, str]]:
    """Return set → label → IPTC code.

    Raises:
        InputError: There is no label map.
    """
    try:
        found: dict[str, dict[str, str]] = json.loads((data / "label_map.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{data / 'label_map.json'}: cannot be read as JSON") from error
    return found


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a gzipped JSONL file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as gzipped JSON lines") from error


def read(data: Path, source: str) -> Iterator[Text]:
    """Yield the set's texts with at least one subject, capped per language and class, without repeats."""
    mapping = mapping_of(data)[source]
    rows = list(read_rows(data / "topic" / f"{source}.jsonl.gz"))
    rows.sort(key=lambda row: _key(str(row["lang"]), str(row["text"])))
    splits = {row.get("split") for row in rows}
    caps = _CAPS.get(source, _CAP)
    seen: set[bytes] = set()
    taken: dict[tuple[str, str, bool], int] = defaultdict(int)
    for row in rows:
        codes = _codes(row, mapping)
        text = str(row["text"])[:_MAX_CHARS]
        key = _key(str(row["lang"]), text)
        if not codes or key in seen or (source == "sanad_arabic" and row["label"] in BLOGS):
            continue
        seen.add(key)
        test = source not in _TERMS and _held_back(row, key, source, has_split={"train", "test"} <= splits)
        slot = (str(row["lang"]), codes[0], test)
        if source not in _TERMS and taken[slot] >= caps[test]:
            continue
        taken[slot] += 1
        yield Text(
            source, str(row["lang"]), _LIVEDOOR_TAG.sub("", text) if source == "livedoor_ja" else text, codes, test
        )


def _codes(row: Mapping[str, Any], mapping: Mapping[str, str]) -> tuple[str, ...]:
    labels = row.get("labels") or [row["label"]]
    found = [mapping.get(str(label), mapping.get("*", "skip")) for label in labels]
    return tuple(dict.fromkeys(code for code in found if code != "skip"))


def _held_back(row: Mapping[str, Any], key: bytes, source: str, *, has_split: bool) -> bool:
    if has_split:
        return bool(row["split"] == "test")
    if source == SENTENCES:
        return held_back(str(row["id"]))
    return key[0] < _TEST_BYTES


def held_back(sentence: str) -> bool:
    """Return whether a sentence of SIB-200, by its id, is held back for measuring, together with its translations."""
    return hashlib.md5(sentence.encode(), usedforsecurity=False).digest()[0] < _TEST_BYTES
