"""The sets that measure language identification, and the sentences its second opinion learns from."""

import base64
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from pipeline.training.corpora import SENTENCES, read_rows, tag_of

__all__ = ["CORE", "GARBAGE", "Sample", "read_sentences", "samples"]

_CORE_TAGS: Final = (
    "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu ha he hi hr hu hy id ig is it ja ka kk km "
    "kn ko ky lo lt lv mk ml mn mr ms mt my nb ne nl nn or pa pl ps pt ro ru rw sd si sk sl sn so sq sr sv sw ta te tg "
    "th ti tl tr uk ur uz vi xh yo zh zu"
)
CORE: Final = frozenset(_CORE_TAGS.split())
"""The languages that most news is in."""

GARBAGE: Final = "garbage"
"""The name of the set of what is no language at all."""

_NEWS: Final = (
    "masakhanews",
    "sanad_arabic",
    "indosum_dev",
    "livedoor_ja",
    "nepali_news20",
    "larazon_mx_es",
    "dice_it_crime",
    "ilur_armenian",
    "kyrgyz_24kg",
    "tr_1150haber",
    "urdu_news5",
    "reuters21578",
)
_TITLES: Final = (
    "masakhanews",
    "detik_titles",
    "naver_ko_titles",
    "thucnews_titles",
    "pt_noticias_titulos",
    "turkish_headlines",
    "url_sections_fr_ru_it",
    "l3cube_indicnews",
    "sncd_somali",
    "livedoor_ja",
)
_SENTENCES_JOINED: Final = 9
_MAX_CHARS: Final = 1000

_CYRILLIC: Final = "абвгдђежзијклљмнњопрстћуфхцчџш"
_LATIN: Final = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š"
_SERBIAN: Final = dict(zip(_CYRILLIC, _LATIN.split(), strict=True))


class Sample(Struct, frozen=True):
    """A text and the language it is in."""

    tag: str
    text: str


def read_sentences(data: Path) -> dict[str, dict[str, list[str]]]:
    """Return split → tag → sentences of SIB-200; Serbian in Latin letters too."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in read_rows(data / "topic" / f"{SENTENCES}.jsonl.gz"):
        tag = tag_of(row["lang"])
        # Nine Arabic codes become one label: a share of each keeps the classes level.
        if tag == "ar" and row["lang"] != "arb-Arab" and _hash_of(row["id"] + row["lang"]) % 4:
            continue
        found[row["split"]][tag].append(row["text"])
        if tag == "sr":
            found[row["split"]][tag].append(_latinised(row["text"]))
    return found


def samples(data: Path) -> dict[str, list[Sample]]:
    """Return every test set by name."""
    sentences = _measuring(data)
    joined = [
        Sample(tag, " ".join(texts[first : first + _SENTENCES_JOINED]))
        for tag, texts in sentences.items()
        for first in range(0, min(len(texts), 8 * _SENTENCES_JOINED), _SENTENCES_JOINED)
    ]
    topic = data / "topic"
    leipzig = list(read_rows(data / "lid" / "lingua_testdata.jsonl.gz"))

    def taken(names: Iterable[str], field: str, at_least: int) -> list[Sample]:
        paths = [topic / f"{name}.jsonl.gz" for name in names]
        return [s for path in paths if path.exists() for s in _by_language(read_rows(path), field, 60, at_least)]

    return {
        "SIB sentences": [Sample(tag, text) for tag, texts in sentences.items() for text in texts[:60]],
        "SIB 9 sentences": joined,
        "news": taken(_NEWS, "text", 300),
        "titles": taken(_TITLES, "title", 20),
        "Leipzig sentences": _by_language((r for r in leipzig if r["kind"] == "sentences"), "text", 100, 1),
        "Leipzig word pairs": _by_language((r for r in leipzig if r["kind"] == "word-pairs"), "text", 60, 1),
        GARBAGE: _garbage(450),
    }


def _measuring(data: Path) -> dict[str, list[str]]:
    """Return tag → sentences of the dev split, which nothing learns from; Arabic is the standard one."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in read_rows(data / "topic" / f"{SENTENCES}.jsonl.gz"):
        tag = tag_of(row["lang"])
        if row["split"] == "dev" and (tag != "ar" or row["lang"] == "arb-Arab"):
            found[tag].append(row["text"])
    return found


def _by_language(rows: Iterable[Mapping[str, Any]], field: str, cap: int, at_least: int) -> list[Sample]:
    """Take the first texts of each language that are long enough."""
    taken: Counter[str] = Counter()
    out = []
    for row in rows:
        text = row.get(field) or ""
        if len(text) >= at_least and taken[row["lang"]] < cap:
            taken[row["lang"]] += 1
            out.append(Sample(row["lang"], text[:_MAX_CHARS]))
    return out


def _garbage(count: int) -> list[Sample]:
    """Make texts that are in no language."""
    rng = random.Random(11)  # noqa: S311  no secrets
    letters = "abcdefghijklmnopqrstuvwxyz"

    def name() -> str:
        return "".join(rng.choices(letters, k=8))

    makers: list[Callable[[], str]] = [
        lambda: base64.b64encode(rng.randbytes(rng.randint(60, 500))).decode(),
        lambda: " ".join("".join(rng.choices(letters, k=rng.randint(2, 11))) for _ in range(rng.randint(10, 80))),
        lambda: " ".join(str(rng.randint(0, 10**6)) for _ in range(rng.randint(10, 90))),
        lambda: "\n".join(f"https://www.{name()}.com/{name()}/{rng.randint(1, 9999)}?q={name()}" for _ in range(8)),
        lambda: " ".join(chr(rng.randint(0x1F600, 0x1F64F)) for _ in range(rng.randint(10, 80))),
        lambda: json.dumps({name(): {name(): rng.random(), "id": rng.randint(0, 999)} for _ in range(9)}),
        lambda: "\n".join(f"def {name()}(self, {name()}): return self.{name()}[0] + 1" for _ in range(6)),
        lambda: "\n".join(f"var {name()} = function() {{ {name()}.push('{name()}'); }};" for _ in range(6)),
        lambda: " ".join(rng.randbytes(8).hex() for _ in range(rng.randint(8, 40))),
    ]
    return [Sample("und", makers[number % len(makers)]()) for number in range(count)]


def _latinised(text: str) -> str:
    """Write Serbian Cyrillic in Latin letters."""
    out = []
    for char in text:
        latin = _SERBIAN.get(char.lower(), char)
        out.append(latin.capitalize() if char != char.lower() else latin)
    return "".join(out)


def _hash_of(text: str) -> int:
    """Return a stable small hash (FNV-1a)."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value
