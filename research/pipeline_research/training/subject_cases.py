"""Texts that calibrate and measure the subjects, in the forms in which users have them.

An article is also taken as its headline and first sentence, and as its headline alone, because feeds carry these. The
language is the one that the pipeline detects in that form, and unknown where the pipeline would not trust it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.models.subjects.reading import SubjectInput
from pipeline.models.subjects.taxonomy import CODES, SECOND_LEVEL
from pipeline.stages.classify import ClassifyParams
from pipeline_research.training.corpora import SENTENCES, read_rows
from pipeline_research.training.labels_read import ReadText, read_labels, text_id

__all__ = ["DOCUMENTS", "FORMS", "OTHERS_LABELS", "Case", "Form", "cases_of", "gold_articles", "held_out", "with_forms"]

Form = Literal["article", "opening", "headline", "sentence"]

FORMS: Final[tuple[Form, ...]] = ("article", "opening", "headline")
"""The forms of an article: whole, headline and first sentence, headline alone."""

DOCUMENTS: Final = "ntrex_news"
"""The set of documents that have been translated."""

_SENTENCE_SETS: Final = {SENTENCES, "read_leipzig", "leipzig"}
OTHERS_LABELS: Final = frozenset({"dsfsi_zulu_siswati"})
"""Headlines with one label each by annotators of another project, who had other rules: they choose no bar."""

_GOLD: Final = "eval/gold_dev.jsonl.gz"
_LONGEST_HEADLINE: Final = 250  # characters; a longer first line is a paragraph
_LONGEST_SENTENCE: Final = 400  # characters, where no end of a sentence is found
_SHORTEST_SENTENCE: Final = 20  # characters; a shorter one is a place, a date or an abbreviation
_END: Final = re.compile(r"(?<![\s.]\w)[.!?…。！？։።؟۔।༎၊။]+[\"'»”’)\]]*(?=\s|$|(?<=[。！？]))")
_BATCH: Final = 256


class Case(Struct, frozen=True):
    """A text as the pipeline gets it, and what is right about it.

    Attributes:
        set: Where the text comes from.
        group: The text, document or sentence that all forms and translations have in common.
        tag: Language by the set, BCP 47; tables are by this.
        given: What the reader is given, with the language as detected.
        form: Which part of the article it is.
        codes: One to three codes, the main one first.
        defensible: Further codes that are no mistake; empty where a set has none.
        second: Codes of the second level; None where nobody looked for them.
    """

    set: str
    group: str
    tag: str
    given: SubjectInput
    form: Form
    codes: tuple[str, ...]
    defensible: tuple[str, ...] = ()
    second: tuple[str, ...] | None = None

    def has_child(self, code: str) -> bool | None:
        """Return whether a code of the second level is right; None where it cannot be said.

        Readers of texts looked below the main subject. Where they named nothing there, any answer counts as wrong.
        Below others that are no mistake they seldom looked: there an answer can be judged only if they named something.
        """
        if self.second is None:
            return None
        parent = SECOND_LEVEL[code].parent
        told = {SECOND_LEVEL[child].parent for child in self.second}
        if parent in self.right and parent != self.codes[0] and parent not in told:
            return None
        return code in self.second

    @property
    def right(self) -> tuple[str, ...]:
        """All codes that are no mistake."""
        return self.codes + self.defensible


def gold_articles(data: Path) -> list[Case]:
    """Return the 200 articles that are for measuring only, in all forms.

    Raises:
        InputError: The file cannot be read.
    """
    rows = read_rows(data / _GOLD)
    return cases_of([_gold(row) for row in rows], FORMS)


def held_out(data: Path, sentences: int) -> list[Case]:
    """Return the texts with labels by reading that no training uses, articles in all forms.

    Args:
        data: The corpora.
        sentences: Most sentences of SIB-200 in each language; they are no news, but the only texts in many languages.

    Raises:
        InputError: A file cannot be read.
    """
    taken: dict[str, int] = defaultdict(int)
    texts = []
    for item in read_labels(data):
        if not item.held_out:
            continue
        if item.set == SENTENCES:
            taken[item.language] += 1
            if taken[item.language] > sentences:
                continue
        texts.append(item)
    return cases_of(texts, FORMS)


def cases_of(texts: Sequence[ReadText], forms: Sequence[Form]) -> list[Case]:
    """Return the texts in the given forms, with their languages as detected; sentences have one form."""
    found: list[Case] = []
    for item in texts:
        if item.set in _SENTENCE_SETS or item.set in OTHERS_LABELS:
            form: Form = "sentence" if item.set in _SENTENCE_SETS else "headline"
            given = SubjectInput(body=item.text) if form == "sentence" else SubjectInput(headline=item.text)
            found.append(_case(item, given, form))
        else:
            found += [_case(item, given, form) for form, given in with_forms(item.text) if form in forms]
    return list(_with_languages(found))


def with_forms(text: str) -> Iterator[tuple[Form, SubjectInput]]:
    """Yield an article in its forms; one without a headline has no form of it."""
    first, _, rest = text.strip().partition("\n")
    headline, body = (first, rest.strip()) if rest.strip() and len(first) <= _LONGEST_HEADLINE else ("", text.strip())
    yield "article", SubjectInput(headline=headline, body=body)
    yield "opening", SubjectInput(headline=headline, body=_first_sentence(body))
    if headline:
        yield "headline", SubjectInput(headline=headline)


def _first_sentence(body: str) -> str:
    line = body.partition("\n")[0] if len(body.partition("\n")[0]) >= _SHORTEST_SENTENCE else body
    for found in _END.finditer(line[:_LONGEST_SENTENCE]):
        if found.end() >= _SHORTEST_SENTENCE:
            return line[: found.end()]
    return line[:_LONGEST_SENTENCE]


def _gold(row: Mapping[str, Any]) -> ReadText:
    text = str(row["text"])
    key = text_id(text)
    codes = tuple(code for code in row["labels"] if code in CODES)
    defensible = tuple(code for code in row["defensible"] if code in CODES and code not in codes)
    return ReadText(key, str(row["source"]), key, str(row["lang"]), text, codes, defensible=defensible)


def _case(item: ReadText, given: SubjectInput, form: Form) -> Case:
    return Case(item.set, item.group, item.language, given, form, item.codes, item.defensible, item.second)


def _with_languages(cases: Sequence[Case]) -> Iterator[Case]:
    model, least = LanguageModel.load(), ClassifyParams().min_language_confidence
    for start in range(0, len(cases), _BATCH):
        batch = cases[start : start + _BATCH]
        found = model.detect([LanguageInput(headline=item.given.headline, body=item.given.body) for item in batch])
        for item, language in zip(batch, found, strict=True):
            tag = language.tag if language.confidence >= least else None
            given = SubjectInput(headline=item.given.headline, body=item.given.body, language=tag)
            yield replace(item, given=given)
