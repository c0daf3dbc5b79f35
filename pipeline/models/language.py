"""Say which language an article is in: CLD2, a trained second opinion where CLD2 is weak, and rules for scripts.

`und` rather than a guess, `mul` where no language has most of the text. Nothing here depends on other texts of the
batch.
"""

import math
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.domain.article import Language, LanguageAlternative, LanguageSpan
from pipeline.models.cld2 import Guess, guess
from pipeline.models.close_languages import CloseLanguagesModel
from pipeline.models.language_gate import GateParams, is_writing
from pipeline.models.ngrams import NgramModel
from pipeline.models.scripts import ScriptProfile, code_points, profile
from pipeline.models.spans import SpanParams, shares, spans_of

__all__ = ["LanguageInput", "LanguageModel", "LanguageParams"]

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
"""Language → its scripts, the one that goes without saying first (Serbian has none)."""

_CANTONESE: Final = frozenset("嘅喺咗唔佢啲嗰冇嘢咁嚟畀噉乜嘥攞")
"""Everyday words of written Cantonese that standard Chinese does not use."""

_PIDGIN_WORDS: Final = (
    "dey wey sey dem una abeg wetin dis dat dia im pipo don di na tok pikin oga comot waka moni kain sabi "
    "afta oda odas tins happun goment govnor wia kontris"
)
_PIDGIN: Final = frozenset(_PIDGIN_WORDS.split())
"""Everyday words of Nigerian Pidgin, which CLD2 takes for English."""

_CHINESE: Final = frozenset({"zh-Hans", "zh-Hant"})


class LanguageInput(Struct, frozen=True):
    """What a language is detected from. `hint` is what the producer or the page claims, unchecked."""

    headline: str = ""
    body: str = ""
    hint: str | None = None


class LanguageParams(Struct, frozen=True):
    """Limits and thresholds, set on SIB-200 dev and news (`news-pipeline eval language`)."""

    max_chars: int = 600  # characters read; 1,000 change nothing on news and cost two thirds more
    tail_chars: int = 200  # of these, read from further down: what begins in one language may go on in another
    tail_from: float = 0.7  # of the body, where these begin
    min_body_letters: int = 100  # characters; a shorter body is read together with the headline
    trusted_share: float = 0.9  # of the text in the first language, for CLD2 to decide alone
    trusted_letters: int = 80
    short_letters: int = 25  # below, CLD2 errs less than the n-gram model (word pairs .82 against .68)
    sure: float = 0.8  # probability at which the n-gram model overrules an unreliable CLD2
    overrules: float = 0.9  # probability at which it overrules a reliable one
    enough: float = 0.5  # probability at which it answers where CLD2 has nothing to say
    reliable: float = 0.8  # confidence from which the result is called reliable
    mixed_hint: float = 0.12  # of what was read in a second language, for the parts to be looked for
    mixed_share: float = 0.6  # of the parts; less in the first language, and the text is mixed
    mixed_letters: int = 200
    mixed_sure: float = 0.9  # confidence of `mul`: of joined news .97 of it is right, of other news none was called so
    relatives_chars: int = 2000  # characters read to tell close relatives apart: 0.25 ms, on their articles only
    cantonese: float = 0.015  # of the characters; a quotation in a Hong Kong paper has less
    pidgin: float = 0.06  # of the words; an English article that quotes Pidgin has less
    hint_share: float = 0.15  # a hint decides among the alternatives that have at least this


def _told_apart(first: Guess, shape: ScriptProfile) -> Guess:
    """CLD2 has one code for Kurdish; Sorani is the one in Arabic letters."""
    if first.tag != "ku" or shape.script != "Arab":
        return first
    return Guess(languages=(("ckb", first.share), *first.languages[1:]), reliable=first.reliable, score=first.score)


class LanguageModel:
    """CLD2 + n-gram model + script rules, with the weights that ship in the package."""

    def __init__(
        self,
        *,
        version: str,
        ngrams: NgramModel,
        relatives: CloseLanguagesModel,
        trusted: Mapping[str, float],
        simplified: str,
        traditional: str,
        params: LanguageParams | None = None,
        gate: GateParams | None = None,
    ) -> None:
        self.version = version
        self._ngrams = ngrams
        self._relatives = relatives
        self._trusted = trusted
        self._known = frozenset(ngrams.labels)
        self._simplified = frozenset(simplified)
        self._traditional = frozenset(traditional)
        self._params = params or LanguageParams()
        self._gate = gate or GateParams()
        self._spans = SpanParams()

    @classmethod
    def load(cls) -> "LanguageModel":
        """Load the weights from the package."""
        source = resources.files("pipeline.models") / "data" / "language.npz"
        with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return cls(
                version=str(arrays["version"]),
                ngrams=NgramModel.from_arrays(arrays),
                relatives=CloseLanguagesModel.from_arrays(arrays),
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
        if not is_writing(text, points, shape, self._gate):
            return Language(tag="und", confidence=0.0, reliable=False, method="gate")
        first = _told_apart(guess(text), shape)
        spans = spans_of(item.body, self._ngrams, self._spans) if self._looks_mixed(first, shape) else ()
        return self._of_several(item, spans) if spans else self._of_one(item, text, first, shape, points)

    def _of_several(self, item: LanguageInput, spans: tuple[LanguageSpan, ...]) -> Language:
        """Return `mul`, or the language that most of the text is in, and the parts."""
        by_share = shares(spans)
        if by_share[0][1] < self._params.mixed_share:
            found = self._result([("mul", self._params.mixed_sure), *by_share], "cld2+ngram")
        else:
            mine = "\n".join(item.body[span.start : span.end] for span in spans if span.tag == by_share[0][0])
            found = self._detect(LanguageInput(body=mine, hint=item.hint))
        return msgspec.structs.replace(found, spans=spans)

    def _sample(self, item: LanguageInput) -> str:
        """Return what is read: the beginning and a piece from further down; with the headline if the body is short."""
        params, body = self._params, item.body
        if len(body) < params.min_body_letters:
            return f"{item.headline}\n{body}"[: params.max_chars]
        start = int(len(body) * params.tail_from)
        if start + params.tail_chars <= params.max_chars:
            return body[: params.max_chars]
        return f"{body[: params.max_chars - params.tail_chars]}\n{body[start : start + params.tail_chars]}"

    def _of_one(
        self, item: LanguageInput, text: str, first: Guess, shape: ScriptProfile, points: NDArray[np.uint32]
    ) -> Language:
        """Return the language that most of the text is in."""
        if first.tag in _CHINESE and first.reliable:
            return self._result([(self._chinese(text, first.tag), 0.99)], "cld2+rules")
        if first.tag == "en" and self._is_pidgin(text):
            return self._result([("pcm", 0.95), ("en", 0.05)], "cld2+rules")
        ranked, method = self._decide(first, points, shape)
        ranked = self._among_relatives(item, text, shape, ranked)
        ranked, method = self._heed(item.hint, ranked, method)
        return self._result([(self._tag(tag, text, shape), odds) for tag, odds in ranked], method)

    def _decide(
        self, first: Guess, points: NDArray[np.uint32], shape: ScriptProfile
    ) -> tuple[list[tuple[str, float]], str]:
        params = self._params
        rest = [(tag, round(share * 0.5, 4)) for tag, share in first.languages[1:]]
        enough = self._trusted.get(first.tag, math.inf)
        trusted = first.reliable and first.share >= params.trusted_share and first.score >= enough
        if trusted and shape.letters >= params.trusted_letters:
            return [(first.tag, 0.99), *rest], "cld2"
        if shape.letters < params.short_letters:
            return self._short(first, points)
        return self._fuse(first, self._ngrams.rank(points, 3))

    def _short(self, first: Guess, points: NDArray[np.uint32]) -> tuple[list[tuple[str, float]], str]:
        second = self._ngrams.rank(points, 1)[0]
        if first.tag == "und":
            return [(second[0], second[1] * 0.6)], "ngram"
        if first.tag == second[0]:
            return [(first.tag, 0.95)], "cld2+ngram"
        return [(first.tag, 0.7 if first.reliable else 0.4), (second[0], 0.2)], "cld2"

    def _fuse(self, first: Guess, second: list[tuple[str, float]]) -> tuple[list[tuple[str, float]], str]:
        params = self._params
        tag, odds = second[0]
        if first.tag == tag:
            return [(tag, 0.6 + 0.39 * odds), *second[1:]], "cld2+ngram"
        if first.tag == "und" or first.tag not in self._known:
            # CLD2 alone knows some eighty languages the n-gram model never saw: Breton, Corsican, Latin.
            if first.tag != "und" and first.reliable and odds < params.overrules:
                return [(first.tag, 0.7), *second], "cld2"
            return [(tag, odds * 0.9), *second[1:]], "ngram"
        if odds >= (params.overrules if first.reliable else params.sure):
            return [(tag, odds * 0.9), (first.tag, 1 - odds)], "ngram"
        sure = 0.6 if first.reliable else 0.35
        return [(first.tag, sure), (tag, odds * (1 - sure))], "cld2"

    def _among_relatives(
        self, item: LanguageInput, text: str, shape: ScriptProfile, ranked: list[tuple[str, float]]
    ) -> list[tuple[str, float]]:
        """Decide anew which of its close relatives the first one is; the group stays as probable as it was."""
        if ranked[0][0] not in self._relatives.columns or shape.script != "Latn":
            return ranked
        # What tells them apart is rare: more of the body is read than for all else.
        read = item.body if len(item.body) >= len(text) else text
        mine = self._relatives.rank(ranked[0][0], code_points(read[: self._params.relatives_chars]))
        tags = {tag for tag, _ in mine}
        group = min(0.99, sum(odds for tag, odds in ranked if tag in tags))
        best, odds = mine[0]
        # None of them may reach half; still it is one of them, and the first of these.
        sure = max(odds * group, min(group, self._params.enough))
        rest = [(tag, share * group) for tag, share in mine[1:]]
        return [(best, sure), *rest, *(other for other in ranked if other[0] not in tags)]

    def _looks_mixed(self, first: Guess, shape: ScriptProfile) -> bool:
        if shape.letters < self._params.mixed_letters or len(first.languages) < 2:
            return False
        return first.languages[1][1] >= self._params.mixed_hint

    def _heed(
        self, hint: str | None, ranked: list[tuple[str, float]], method: str
    ) -> tuple[list[tuple[str, float]], str]:
        if not hint or ranked[0][1] >= self._params.reliable:
            return ranked, method
        wanted = hint.replace("_", "-").split("-")[0].lower()
        for tag, odds in ranked[1:]:
            if tag.split("-")[0] == wanted and odds >= self._params.hint_share:
                others = [item for item in ranked if item[0] != tag]
                return [(tag, max(odds, ranked[0][1])), *others], "hint"
        return ranked, method

    def _is_pidgin(self, text: str) -> bool:
        words = text.lower().split()
        return sum(map(_PIDGIN.__contains__, words)) > self._params.pidgin * len(words)

    def _chinese(self, text: str, tag: str) -> str:
        """Count the characters that only one of the scripts has, and the words only Cantonese has."""
        simplified = sum(map(self._simplified.__contains__, text))
        traditional = sum(map(self._traditional.__contains__, text))
        if sum(map(_CANTONESE.__contains__, text)) > self._params.cantonese * len(text):
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

    def _result(self, ranked: list[tuple[str, float]], method: str) -> Language:
        tag, odds = ranked[0]
        others: dict[str, LanguageAlternative] = {}
        for other, share in ranked[1:]:
            if other != tag and share >= 0.01:
                others.setdefault(other, LanguageAlternative(other, round(share, 4)))
        if odds < self._params.enough:
            others = {tag: LanguageAlternative(tag, round(odds, 4)), **others}
            tag, odds = "und", 0.0
        return Language(
            tag=tag,
            confidence=round(odds, 4),
            reliable=odds >= self._params.reliable,
            method=method,
            alternatives=tuple(others.values())[:3],
        )
