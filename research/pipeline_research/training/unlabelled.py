"""Texts without labels for the teacher, and translations, which connect the languages."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pipeline_research.training.corpora import SENTENCES, read_rows

__all__ = ["originals", "read_unlabelled", "sentences_by_id"]

_ORIGINAL: Final = "eng-Latn"
_MIN_CHARS: Final = 40
_MAX_CHARS: Final = 1000


def read_unlabelled(data: Path, per_language: int) -> Iterator[tuple[str, str]]:
    """Yield (language, text): Leipzig sentences in 75 languages (CC BY 4.0), Japanese Wikinews (CC BY 2.5).

    Absent files are skipped.
    """
    taken: dict[str, int] = defaultdict(int)
    sentences, wikinews = data / "lid" / "lingua_testdata.jsonl.gz", data / "raw" / "jawikinews.jsonl.gz"
    for row in read_rows(sentences) if sentences.exists() else ():
        if row["kind"] == "sentences" and len(row["text"]) >= _MIN_CHARS and taken[row["lang"]] < per_language:
            taken[row["lang"]] += 1
            yield row["lang"], row["text"]
    news = 0
    for row in read_rows(wikinews) if wikinews.exists() else ():
        text = str(row.get("text") or "")
        if len(text) >= _MIN_CHARS and news < 3 * per_language:
            news += 1
            yield "ja", text[:_MAX_CHARS]


def sentences_by_id(data: Path) -> dict[str, dict[str, str]]:
    """Return the parallel sentences of SIB-200: sentence id → language code → sentence."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in read_rows(data / "topic" / f"{SENTENCES}.jsonl.gz"):
        found[str(row["id"])][str(row["lang"])] = str(row["text"])
    return found


def originals(sentences: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return sentence id → its English original."""
    return {key: texts[_ORIGINAL] for key, texts in sentences.items() if _ORIGINAL in texts}
