"""Measure articles joined from two languages: two halves, or three quarters and one."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from pipeline.domain.article import Language
from pipeline.models.language import LanguageInput, LanguageModel
from pipeline_research.training.language_corpora import Sample
from pipeline_research.training.measures import table

__all__ = ["mixed_tables"]

_CHARS: Final = 1000  # length of an article in two languages
_AWAY: Final = 61  # distance of the two articles that are joined; each language has 60 articles in a row
_KINDS: Final = {"halves": 0.5, "three quarters and one": 0.75}


def mixed_tables(news: Sequence[Sample]) -> dict[str, list[str]]:
    """Return tables, by title, of the answers for joined news and for news in one language."""
    model = LanguageModel.load()
    plain = model.detect([LanguageInput(body=row.text) for row in news])
    rows = [["one language", *_cells(plain, [(row.tag, row.tag) for row in news])]]
    for kind, share in _KINDS.items():
        joined = [_joined(one, other, share) for one, other in _pairs(news)]
        found = model.detect([LanguageInput(body=text) for text in joined])
        rows.append([kind, *_cells(found, [(one.tag, other.tag) for one, other in _pairs(news)])])
    head = ["news made of", "texts", "`mul`", "the first language", "the second", "another", "`und`", "parts right"]
    return {"Mixed articles: answers for news, and for two joined articles in different languages": table(head, rows)}


def _pairs(news: Sequence[Sample]) -> list[tuple[Sample, Sample]]:
    joined = [(one, news[(number + _AWAY) % len(news)]) for number, one in enumerate(news)]
    return [(one, other) for one, other in joined if one.tag != other.tag]


def _joined(one: Sample, other: Sample, share: float) -> str:
    cut = round(_CHARS * share)
    return f"{one.text[:cut]}\n{other.text[: _CHARS - cut]}"


def _cells(found: Sequence[Language], truth: Sequence[tuple[str, str]]) -> list[object]:
    answered: Counter[str] = Counter()
    parts = 0
    for item, (first, second) in zip(found, truth, strict=True):
        tag = item.tag.split("-", maxsplit=1)[0]
        kind = {"mul": "mul", "und": "und", second: "second", first: "first"}.get(tag, "another")
        answered[kind] += 1
        parts += [span.tag.split("-", maxsplit=1)[0] for span in item.spans] == [first, second]
    shares = [
        f"{100 * answered[kind] / max(1, len(found)):.1f} %" for kind in ("mul", "first", "second", "another", "und")
    ]
    return [len(found), *shares, f"{100 * parts / max(1, len(found)):.1f} %"]
