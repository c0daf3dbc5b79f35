"""Read the subject corpora: which sets may be used, their labels as IPTC codes, the split, the caps.

The licence judgement of every set is in docs/models/subjects.md; `SHIPPED` are the sets the shipped model learned from.
"""

import gzip
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subject_seeds import SEEDS

__all__ = ["CODES", "SHIPPED", "Text", "in_test", "read", "read_seeds", "read_unlabelled", "sets_in"]

CODES = tuple(f"{number:02d}000000" for number in range(1, 18))

SHIPPED = (
    "masakhanews",  # AFL-3.0
    "sib200",  # CC BY-SA 4.0
    "sanad_arabic",  # seven classes: SANAD, CC BY 4.0 (inferred)
    "huffpost_900",  # CC BY 4.0
    "indosum_dev",  # CC BY-SA 4.0
    "dsfsi_zulu_siswati",  # CC BY-SA 4.0
    "sncd_somali",  # MIT
    "swedish_category_terms",  # MIT
    "iptc_mediatopic_terms",  # CC BY 4.0
    "iptc_subjectcode_terms",  # CC BY 4.0
)

_BLOGS = {"Beauty", "Gaming"}  # in sanad_arabic, but scraped from elsewhere: neither news nor CC BY
_TERMS = {"swedish_category_terms", "iptc_mediatopic_terms", "iptc_subjectcode_terms"}
_LIVEDOOR_TAG = re.compile(r"【[^】]{1,30}】")


@dataclass(frozen=True, slots=True)
class Text:
    """A labelled text; `codes` are all its subjects, `test` its side of the split."""

    source: str
    language: str
    text: str
    codes: tuple[str, ...]
    test: bool

    @property
    def is_term(self) -> bool:
        """Whether it is an entry of a taxonomy and no news."""
        return self.source in _TERMS or self.source == "seeds"

    @property
    def chooses(self) -> bool:
        """Whether a test text helps to choose thresholds; the other half of the test texts measures."""
        return _key(self.language, self.text)[1] % 2 == 0


def _key(language: str, text: str) -> bytes:
    letters = re.sub(r"\W", "", text[:800].lower())[:160]
    return hashlib.md5((language + letters).encode(), usedforsecurity=False).digest()


def in_test(language: str, text: str) -> bool:
    """Say on which side of the split a text lies, where its set has no split of its own: one in five is test."""
    return _key(language, text)[0] < 52


def sets_in(data: Path) -> list[str]:
    """Return the names of the labelled sets that are there."""
    return sorted(path.name.removesuffix(".jsonl.gz") for path in (data / "topic").glob("*.jsonl.gz"))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def _codes(row: dict[str, Any], mapping: dict[str, str]) -> tuple[str, ...]:
    labels = row.get("labels") or [row["label"]]
    found = [mapping.get(str(label), mapping.get("*", "skip")) for label in labels]
    return tuple(dict.fromkeys(code for code in found if code != "skip"))


def _cap(source: str, test: bool) -> int:
    if source in {"ag_news", "reuters21578"}:
        return 80 if test else 800
    if source == "dcnews_slugs_ro":
        return 80 if test else 600
    if source == "sib200":
        return 12 if test else 40
    return 80 if test else 300


def read(data: Path, source: str) -> Iterator[Text]:
    """Yield the set's texts with at least one subject, capped per language and class, without repeats."""
    mapping = json.loads((data / "label_map.json").read_text(encoding="utf-8"))[source]
    path = data / "topic" / f"{source}.jsonl.gz"
    rows = list(_rows(path))
    rows.sort(key=lambda row: _key(str(row["lang"]), str(row["text"])))
    has_split = "train" in {row.get("split") for row in rows} and "test" in {row.get("split") for row in rows}
    seen: set[bytes] = set()
    taken: dict[tuple[str, str, bool], int] = defaultdict(int)
    for row in rows:
        codes = _codes(row, mapping)
        text = str(row["text"])[:3000]
        key = _key(str(row["lang"]), text)
        if not codes or key in seen or (source == "sanad_arabic" and row["label"] in _BLOGS):
            continue
        seen.add(key)
        test = row["split"] == "test" if has_split else key[0] < 52
        slot = (str(row["lang"]), codes[0], test)
        if source not in _TERMS and taken[slot] >= _cap(source, test):
            continue
        taken[slot] += 1
        if source == "livedoor_ja":
            text = _LIVEDOOR_TAG.sub("", text)
        yield Text(source, str(row["lang"]), text, codes, test and source not in _TERMS)


def read_seeds() -> Iterator[Text]:
    """Yield the sentences written for this project."""
    for language, codes, text in SEEDS:
        yield Text("seeds", language, text, tuple(f"{code}000000" for code in codes.split()), test=False)


def read_unlabelled(data: Path, per_language: int) -> Iterator[tuple[str, str]]:
    """Yield (language, text): Leipzig sentences in 75 languages (CC BY 4.0), Japanese Wikinews (CC BY 2.5)."""
    taken: dict[str, int] = defaultdict(int)
    for row in _rows(data / "lid" / "lingua_testdata.jsonl.gz"):
        if row["kind"] == "sentences" and len(row["text"]) >= 40 and taken[row["lang"]] < per_language:
            taken[row["lang"]] += 1
            yield row["lang"], row["text"]
    for row in _rows(data / "raw" / "jawikinews.jsonl.gz"):
        if taken["ja-news"] >= 3 * per_language:
            break
        text = str(row.get("text") or row.get("body") or "")
        if len(text) >= 40:
            taken["ja-news"] += 1
            yield "ja", text[:1000]
