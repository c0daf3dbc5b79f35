"""The sets that measure language identification, and the sentences that its n-gram model is trained on."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from pipeline.models.scripts import code_points, profile
from pipeline.sources.errors import InputError
from pipeline_research.training.corpora import SENTENCES, read_rows, tag_of
from pipeline_research.training.language_garbage import garbage, other_garbage

__all__ = [
    "CORE",
    "GARBAGE",
    "OTHER_GARBAGE",
    "Sample",
    "label_of",
    "read_later_news",
    "read_leipzig",
    "read_sentences",
    "samples",
]

_CORE_TAGS: Final = (
    "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu ha he hi hr hu hy id ig is it ja ka kk km "
    "kn ko ky lo lt lv mk ml mn mr ms mt my nb ne nl nn or pa pl ps pt ro ru rw sd si sk sl sn so sq sr sv sw ta te tg "
    "th ti tl tr uk ur uz vi xh yo zh zu"
)
CORE: Final = frozenset((*_CORE_TAGS.split(), "sr-Latn"))
"""The languages of most news; Serbian in both of its scripts."""

GARBAGE: Final = "garbage"
"""Name of the set of texts without a language, of the kinds that the gate was tuned on."""

OTHER_GARBAGE: Final = "other garbage"
"""Name of the set of texts without a language, of kinds that the gate was not tuned on."""

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
_MEASURED: Final = 60  # texts of a language in a set
_NEWS_CHARS: Final = 300  # a shorter text is a brief
_SENTENCES_JOINED: Final = 9
_MAX_CHARS: Final = 1000
_LEIPZIG: Final = Path("lid", "lingua_testdata.jsonl.gz")
_LEIPZIG_FIRST: Final = 100  # the first sentences of a language are used to measure single sentences
_LEIPZIG_FOURTH: Final = 4  # every fourth of the others is used to measure joined sentences
_LEIPZIG_JOINED: Final = 36  # most texts of joined sentences per language
_TREEBANKS: Final = "*-ud-*.conllu"  # news by document; docs/models/language.md lists them

_CYRILLIC: Final = "абвгдђежзијклљмнњопрстћуфхцчџш"
_LATIN: Final = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š"
_SERBIAN: Final = dict(zip(_CYRILLIC, _LATIN.split(), strict=True))


class Sample(Struct, frozen=True):
    """A text and its language."""

    tag: str
    text: str


def read_sentences(data: Path) -> dict[str, dict[str, list[str]]]:
    """Return split → tag → sentences of SIB-200; Serbian also in Latin letters."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in read_rows(data / "topic" / f"{SENTENCES}.jsonl.gz"):
        tag = tag_of(row["lang"])
        # Nine Arabic codes become one label; a quarter of each but the standard one keeps the classes balanced.
        if tag == "ar" and row["lang"] != "arb-Arab" and _hash_of(row["id"] + row["lang"]) % 4:
            continue
        found[row["split"]][tag].append(row["text"])
        if tag == "sr":
            found[row["split"]][tag].append(_latinised(row["text"]))
    return found


def read_leipzig(data: Path) -> dict[str, list[str]]:
    """Return tag → sentences of the Leipzig corpora that are not used to measure; Serbian in Latin letters.

    Raises:
        InputError: They cannot be read.
    """
    return _leipzig(data, measuring=False)


def read_later_news(data: Path) -> Iterator[tuple[str, str]]:
    """Yield tag and text of news after the articles that are measured, at most as many of each language."""
    for name in _NEWS:
        path = data / "topic" / f"{name}.jsonl.gz"
        taken: Counter[str] = Counter()
        for row in read_rows(path) if path.exists() else ():
            text = row.get("text") or ""
            if len(text) < _NEWS_CHARS:
                continue
            taken[row["lang"]] += 1
            if _MEASURED < taken[row["lang"]] <= 2 * _MEASURED:
                yield row["lang"], text[:_MAX_CHARS]


def samples(data: Path) -> dict[str, list[Sample]]:
    """Return all test sets by name."""
    sentences = _measuring(data)
    joined = [
        Sample(tag, " ".join(texts[first : first + _SENTENCES_JOINED]))
        for tag, texts in sentences.items()
        for first in range(0, min(len(texts), 8 * _SENTENCES_JOINED), _SENTENCES_JOINED)
    ]
    topic = data / "topic"
    leipzig = list(read_rows(data / _LEIPZIG))

    def taken(names: Iterable[str], field: str, at_least: int) -> list[Sample]:
        paths = [topic / f"{name}.jsonl.gz" for name in names]
        return [s for path in paths if path.exists() for s in _by_language(read_rows(path), field, _MEASURED, at_least)]

    return {
        "SIB sentences": [Sample(tag, text) for tag, texts in sentences.items() for text in texts[:60]],
        "SIB 9 sentences": joined,
        "Leipzig 9 sentences": _leipzig_joined(data),
        "news": taken(_NEWS, "text", _NEWS_CHARS),
        "treebank news": list(_treebanks(data)),
        "titles": taken(_TITLES, "title", 20),
        "Leipzig sentences": _by_language((r for r in leipzig if r["kind"] == "sentences"), "text", 100, 1),
        "Leipzig word pairs": _by_language((r for r in leipzig if r["kind"] == "word-pairs"), "text", 60, 1),
        GARBAGE: [Sample("und", text) for text in garbage(450)],
        OTHER_GARBAGE: [Sample("und", text) for texts in other_garbage(20).values() for text in texts],
    }


def label_of(tag: str, text: str) -> str:
    """Return the label by which tags are compared: without the script, except for Serbian and Arabic in Latin letters.

    The script is determined from the text, so that it does not matter whether a detector names it.
    """
    plain = tag.split("-", maxsplit=1)[0]
    if plain in {"sr", "ar"} and profile(code_points(text)).script == "Latn":
        return f"{plain}-Latn"
    return plain


def _measuring(data: Path) -> dict[str, list[str]]:
    """Return tag → sentences of the dev split, which no model is trained on; of Arabic only the standard variety."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in read_rows(data / "topic" / f"{SENTENCES}.jsonl.gz"):
        tag = tag_of(row["lang"])
        if row["split"] == "dev" and (tag != "ar" or row["lang"] == "arb-Arab"):
            found[tag].append(row["text"])
            if tag == "sr":
                found["sr-Latn"].append(_latinised(row["text"]))
    return found


def _leipzig(data: Path, *, measuring: bool) -> dict[str, list[str]]:
    seen: Counter[str] = Counter()
    found: dict[str, list[str]] = defaultdict(list)
    for row in read_rows(data / _LEIPZIG):
        if row["kind"] == "sentences":
            tag, text = row["lang"], row["text"]
            number = seen[tag]
            seen[tag] += 1
            if (number < _LEIPZIG_FIRST or number % _LEIPZIG_FOURTH == 0) is measuring:
                found[tag].append(_latinised(text) if tag == "sr" else text)
    return found


def _leipzig_joined(data: Path) -> list[Sample]:
    """Join sentences that are far apart in the file, because it is sorted."""
    return [
        Sample(tag, " ".join(texts[first::_LEIPZIG_JOINED][:_SENTENCES_JOINED]))
        for tag, texts in _leipzig(data, measuring=True).items()
        for first in range(min(_LEIPZIG_JOINED, len(texts) // _SENTENCES_JOINED))
    ]


def _treebanks(data: Path) -> Iterator[Sample]:
    """Yield the documents of Universal Dependencies treebanks; file names begin with the language."""
    for path in sorted((data / "lid").glob(_TREEBANKS)):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read as text") from error
        texts: list[list[str]] = []
        for line in lines:
            if line.startswith("# newdoc"):
                texts.append([])
            elif line.startswith("# text = ") and texts:
                texts[-1].append(line.removeprefix("# text = "))
        for sentences in texts:
            yield Sample(path.name.split("_", maxsplit=1)[0], " ".join(sentences)[:_MAX_CHARS])


def _by_language(rows: Iterable[Mapping[str, Any]], field: str, cap: int, at_least: int) -> list[Sample]:
    """Return the first `cap` texts of each language with at least `at_least` characters."""
    taken: Counter[str] = Counter()
    out = []
    for row in rows:
        text = row.get(field) or ""
        if len(text) >= at_least and taken[row["lang"]] < cap:
            taken[row["lang"]] += 1
            out.append(Sample(row["lang"], text[:_MAX_CHARS]))
    return out


def _latinised(text: str) -> str:
    """Transliterate Serbian Cyrillic to Latin letters."""
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
