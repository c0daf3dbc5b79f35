"""Detect an article's language: CLD2, a trained n-gram model where CLD2 is weak, and rules for scripts.

The answer is `und` where no language is probable, and `mul` where none has most of the text. No answer depends on other
texts of the batch.
"""

import math
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.domain.article import Language, LanguageAlternative, LanguageMethod, LanguageSpan
from pipeline.models.cld2 import Guess, guess
from pipeline.models.close_languages import CloseLanguagesModel
from pipeline.models.familiarity import FamiliarityModel
from pipeline.models.language_gate import is_writing, lists_names
from pipeline.models.language_params import LanguageParams
from pipeline.models.ngrams import NgramModel
from pipeline.models.pidgin import is_pidgin
from pipeline.models.scripts import ScriptProfile, code_points, profile
from pipeline.models.spans import shares, spans_of

__all__ = ["LanguageInput", "LanguageModel"]

_WRITTEN_IN_SEVERAL: Final = {
    "sr": ("Cyrl", "Latn"),
    "uz": ("Latn", "Cyrl"),
    "az": ("Latn", "Cyrl", "Arab"),
    "kk": ("Cyrl", "Latn", "Arab"),
    "ky": ("Cyrl", "Latn", "Arab"),
    "tg": ("Cyrl", "Latn", "Arab"),
    "tt": ("Cyrl", "Latn"),
    "tk": ("Latn", "Cyrl"),
    "bs": ("Latn", "Cyrl"),
    "mn": ("Cyrl", "Mong"),
    "pa": ("Guru", "Arab"),
    "ku": ("Latn", "Cyrl"),
    "sd": ("Arab", "Deva"),
    "ks": ("Arab", "Deva"),
    "ms": ("Latn", "Arab"),
    "ha": ("Latn", "Arab"),
    "hi": ("Deva", "Latn"),
    "ur": ("Arab", "Latn"),
}
"""Language → its scripts. The first one is implied and not written in the tag, except for Serbian."""

_CANTONESE: Final = frozenset("嘅喺咗唔佢啲嗰冇嘢咁嚟畀噉乜嘥攞")
"""Characters of everyday words of written Cantonese that standard Chinese does not use."""

_CHINESE: Final = frozenset({"zh-Hans", "zh-Hant"})


class LanguageInput(Struct, frozen=True):
    """A text whose language is detected."""

    headline: str = ""
    body: str = ""
    hint: str | None = None
    """The language that the producer or the page states, unchecked."""


def _with_sorani(first: Guess, shape: ScriptProfile) -> Guess:
    """Replace Kurdish in Arabic letters by Sorani; CLD2 has one code for both."""
    if first.tag != "ku" or shape.script != "Arab":
        return first
    return Guess(languages=(("ckb", first.share), *first.languages[1:]), reliable=first.reliable, score=first.score)


class LanguageModel:
    """CLD2, the n-gram model, the models of close languages and rules for scripts."""

    def __init__(
        self,
        *,
        version: str,
        ngrams: NgramModel,
        close_languages: CloseLanguagesModel,
        familiarity: FamiliarityModel,
        trusted: Mapping[str, float],
        simplified: str,
        traditional: str,
        params: LanguageParams | None = None,
    ) -> None:
        """Combine the parts; `load` does it with the weights of the package.

        Args:
            version: Of the weights; appears in events.
            ngrams: The second detector.
            close_languages: Decides within groups of close languages.
            familiarity: Tells texts in languages that none of them knows.
            trusted: Language → least score at which CLD2 decides alone; it never does for other languages.
            simplified: Characters that only simplified Chinese uses.
            traditional: Characters that only traditional Chinese uses.
            params: Limits and thresholds.
        """
        self.version = version
        self._ngrams = ngrams
        self._close_languages = close_languages
        self._familiarity = familiarity
        self._trusted = trusted
        self.known = frozenset(ngrams.labels)
        self._simplified = frozenset(simplified)
        self._traditional = frozenset(traditional)
        self._params = params or LanguageParams()
        self._confidence = self._params.confidence

    @classmethod
    def load(cls) -> "LanguageModel":
        """Load the weights that ship in the package."""
        source = resources.files("pipeline.models") / "data" / "language.npz"
        with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return cls(
                version=str(arrays["version"]),
                ngrams=NgramModel.from_arrays(arrays),
                close_languages=CloseLanguagesModel.from_arrays(arrays),
                familiarity=FamiliarityModel.from_arrays(arrays),
                trusted=dict(zip(map(str, arrays["cld2_trusted"]), map(float, arrays["cld2_scores"]), strict=True)),
                simplified=str(arrays["han_simplified"]),
                traditional=str(arrays["han_traditional"]),
            )

    def detect(self, texts: Sequence[LanguageInput]) -> list[Language]:
        """Return one language per text, in order."""
        return [self._detect(item) for item in texts]

    def _detect(self, item: LanguageInput) -> Language:
        text = self._sample(item)
        points = code_points(text)
        shape = profile(points)
        if not is_writing(text, points, shape, self._params.gate):
            return Language(tag="und", confidence=0.0, reliable=False, method="gate")
        first = _with_sorani(guess(text), shape)
        spans = spans_of(item.body, self._ngrams, self._params.spans) if self._looks_mixed(first, shape) else ()
        return self._of_several(item, spans) if spans else self._of_one(item, text, first, shape, points)

    def _of_several(self, item: LanguageInput, spans: tuple[LanguageSpan, ...]) -> Language:
        """Return `mul` or the language of most of the text, with the parts."""
        by_share = shares(spans, item.body, self._params.spans)
        if by_share[0][1] < self._params.mixed_share:
            found = self._result([("mul", self._confidence.mixed), *by_share], "cld2+ngram")
        else:
            mine = "\n".join(item.body[span.start : span.end] for span in spans if span.tag == by_share[0][0])
            found = self._detect(LanguageInput(body=mine, hint=item.hint))
        return msgspec.structs.replace(found, spans=spans)

    def _sample(self, item: LanguageInput) -> str:
        """Return the text that is read: the beginning of the body and a piece from further down.

        If the body is short, it is headline and body.
        """
        params, body = self._params, item.body
        if len(body) < params.min_body_chars:
            return f"{item.headline}\n{body}"[: params.max_chars]
        start = int(len(body) * params.tail_from)
        if start + params.tail_chars <= params.max_chars:
            return body[: params.max_chars]
        return f"{body[: params.max_chars - params.tail_chars]}\n{body[start : start + params.tail_chars]}"

    def _of_one(
        self, item: LanguageInput, text: str, first: Guess, shape: ScriptProfile, points: NDArray[np.uint32]
    ) -> Language:
        """Return the language of a text in one language.

        Args:
            item: The article.
            text: What is read of it.
            first: CLD2's answer.
            shape: The characters of `text` by kind.
            points: The code points of `text`.
        """
        if first.tag in _CHINESE and first.reliable:
            return self._result([(self._chinese(text, first.tag), self._confidence.chinese)], "cld2+rules")
        if first.tag == "en" and is_pidgin(text, self._params.pidgin):
            ranked = [("pcm", self._confidence.pidgin), ("en", self._confidence.english_for_pidgin)]
            return self._result(ranked, "cld2+rules")
        ranked, method = self._decide(first, points, shape)
        ranked = self._among_close_languages(item, text, shape, ranked)
        ranked = self._doubted(ranked, text, points)
        ranked, method = self._apply_hint(item.hint, ranked, method)
        return self._result([(self._tag(tag, text, shape), odds) for tag, odds in ranked], method)

    def _decide(
        self, first: Guess, points: NDArray[np.uint32], shape: ScriptProfile
    ) -> tuple[list[tuple[str, float]], LanguageMethod]:
        """Return the languages with their confidence, the best first, and the way of deciding."""
        params = self._params
        rest = [(tag, round(share * self._confidence.share_factor, 4)) for tag, share in first.languages[1:]]
        enough = self._trusted.get(first.tag, math.inf)
        trusted = first.reliable and first.share >= params.trusted_share and first.score >= enough
        if trusted and shape.letters >= params.trusted_letters:
            return [(first.tag, self._confidence.trusted), *rest], "cld2"
        if shape.letters < params.short_letters:
            return self._short(first, points)
        return self._fuse(first, self._ngrams.rank(points, params.ngram_candidates))

    def _short(self, first: Guess, points: NDArray[np.uint32]) -> tuple[list[tuple[str, float]], LanguageMethod]:
        confidence = self._confidence
        second = self._ngrams.rank(points, 1)[0]
        if first.tag == "und":
            return [(second[0], second[1] * confidence.short_ngram_factor)], "ngram"
        if first.tag == second[0]:
            return [(first.tag, confidence.short_agreed)], "cld2+ngram"
        sure = confidence.short_reliable if first.reliable else confidence.short_unreliable
        return [(first.tag, sure), (second[0], confidence.short_other)], "cld2"

    def _fuse(self, first: Guess, second: list[tuple[str, float]]) -> tuple[list[tuple[str, float]], LanguageMethod]:
        params, confidence = self._params, self._confidence
        tag, odds = second[0]
        if first.tag == tag:
            return [(tag, confidence.agreed_base + confidence.agreed_factor * odds), *second[1:]], "cld2+ngram"
        if first.tag == "und" or first.tag not in self.known:
            # Some eighty languages of CLD2 were not in the n-gram model's training, such as Breton, Corsican and Latin.
            if first.tag != "und" and first.reliable and odds < params.overrules:
                return [(first.tag, confidence.cld2_unknown), *second], "cld2"
            return [(tag, odds * confidence.ngram_factor), *second[1:]], "ngram"
        if odds >= (params.overrules if first.reliable else params.sure):
            return [(tag, odds * confidence.ngram_factor), (first.tag, 1 - odds)], "ngram"
        sure = confidence.cld2_reliable if first.reliable else confidence.cld2_unreliable
        return [(first.tag, sure), (tag, odds * (1 - sure))], "cld2"

    def _among_close_languages(
        self, item: LanguageInput, text: str, shape: ScriptProfile, ranked: list[tuple[str, float]]
    ) -> list[tuple[str, float]]:
        """Decide again among the languages close to the first one; the probability of their group is unchanged."""
        if ranked[0][0] not in self._close_languages.columns or shape.script != "Latn":
            return ranked
        # The differences are rare, so more of the body is read than otherwise.
        read = item.body if len(item.body) >= len(text) else text
        mine = self._close_languages.rank(ranked[0][0], code_points(read[: self._params.close_chars]))
        tags = {tag for tag, _ in mine}
        group = min(self._confidence.max_group, sum(odds for tag, odds in ranked if tag in tags))
        best, odds = mine[0]
        # The best one is named even if none of them reaches `enough`: it is certainly one of the group.
        sure = max(odds * group, min(group, self._params.enough))
        rest = [(tag, share * group) for tag, share in mine[1:]]
        return [(best, sure), *rest, *(other for other in ranked if other[0] not in tags)]

    def _doubted(
        self, ranked: list[tuple[str, float]], text: str, points: NDArray[np.uint32]
    ) -> list[tuple[str, float]]:
        """Lower the confidence in a language that the text does not look like, or that only names speak for.

        The text may be in a language that nobody knows here, so the next best one does not take the first one's place.
        """
        params, confidence = self._params, self._confidence
        (tag, odds), *rest = ranked
        if odds < params.enough:
            return ranked
        shortfall = self._familiarity.shortfall(tag, points)
        if shortfall:
            odds = min(odds, confidence.unlike if shortfall >= params.unlike else confidence.unfamiliar)
        if odds < params.reliable and lists_names(text, params.gate):
            odds = min(odds, confidence.unlike)
        return [(tag, odds), *rest]

    def _looks_mixed(self, first: Guess, shape: ScriptProfile) -> bool:
        if shape.letters < self._params.mixed_letters or len(first.languages) < 2:
            return False
        return first.languages[1][1] >= self._params.mixed_hint

    def _apply_hint(
        self, hint: str | None, ranked: list[tuple[str, float]], method: LanguageMethod
    ) -> tuple[list[tuple[str, float]], LanguageMethod]:
        if not hint or ranked[0][1] >= self._params.reliable:
            return ranked, method
        wanted = hint.replace("_", "-").split("-")[0].lower()
        for tag, odds in ranked[1:]:
            if tag.split("-")[0] == wanted and odds >= self._params.hint_share:
                others = [item for item in ranked if item[0] != tag]
                return [(tag, max(odds, ranked[0][1])), *others], "hint"
        return ranked, method

    def _chinese(self, text: str, tag: str) -> str:
        """Return zh-Hans, zh-Hant or yue by the characters that only one of them uses; `tag` where these are equal."""
        simplified = sum(map(self._simplified.__contains__, text))
        traditional = sum(map(self._traditional.__contains__, text))
        if sum(map(_CANTONESE.__contains__, text)) > self._params.cantonese_share * len(text):
            return "yue"
        if simplified == traditional:
            return tag
        return "zh-Hans" if simplified > traditional else "zh-Hant"

    def _tag(self, tag: str, text: str, shape: ScriptProfile) -> str:
        if tag in _CHINESE:
            return self._chinese(text, tag)
        scripts = _WRITTEN_IN_SEVERAL.get(tag)
        if scripts and shape.script in scripts and (tag == "sr" or shape.script != scripts[0]):
            return f"{tag}-{shape.script}"
        return tag

    def _result(self, ranked: list[tuple[str, float]], method: LanguageMethod) -> Language:
        tag, odds = ranked[0]
        others: dict[str, LanguageAlternative] = {}
        for other, share in ranked[1:]:
            if other != tag and share >= self._confidence.min_alternative:
                others.setdefault(other, LanguageAlternative(other, round(share, 4)))
        if odds < self._params.enough:
            others = {tag: LanguageAlternative(tag, round(odds, 4)), **others}
            tag, odds = "und", 0.0
        return Language(
            tag=tag,
            confidence=round(odds, 4),
            reliable=odds >= self._params.reliable,
            method=method,
            alternatives=tuple(others.values())[: self._params.max_alternatives],
        )
