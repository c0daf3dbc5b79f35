"""Limits and thresholds of language detection."""

from msgspec import Struct

from pipeline.models.language_gate import GateParams
from pipeline.models.pidgin import PidginParams
from pipeline.models.spans import SpanParams

__all__ = ["ConfidenceParams", "LanguageParams"]


class ConfidenceParams(Struct, frozen=True):
    """The confidence of an answer by the way it was decided.

    Set from how often each way is right (docs/models/language.md, calibration). Where a field is called a factor, the
    confidence is that factor times the probability that the n-gram model gives.
    """

    trusted: float = 0.99  # CLD2 alone, reliable and with a usual score
    chinese: float = 0.99  # CLD2 and the characters of the script
    pidgin: float = 0.95
    english_for_pidgin: float = 0.05  # of the alternative
    share_factor: float = 0.5  # of CLD2's further languages, times their share of the text
    agreed_base: float = 0.6  # where both detectors agree: this and
    agreed_factor: float = 0.39  # this factor
    ngram_factor: float = 0.9  # where the n-gram model decides
    cld2_unknown: float = 0.7  # CLD2, in a language that the n-gram model does not have
    cld2_reliable: float = 0.6  # CLD2, against the n-gram model
    cld2_unreliable: float = 0.35
    short_agreed: float = 0.95  # texts of few letters: both agree
    short_reliable: float = 0.7  # CLD2, against the n-gram model
    short_unreliable: float = 0.4
    short_other: float = 0.2  # of the n-gram model's language as the alternative
    short_ngram_factor: float = 0.6  # the n-gram model alone
    max_group: float = 0.99  # a group of close languages
    unfamiliar: float = 0.7  # at most, where the text has too few of the language's n-grams
    unlike: float = 0.3  # at most, where it has far too few, or names only; the answer is `und` then
    mixed: float = 0.9  # `mul`: right in 97 % of joined news, and given to none of the other news
    min_alternative: float = 0.01  # a less probable alternative is left out


class LanguageParams(Struct, frozen=True):
    """Limits and thresholds, set on SIB-200 dev and news (`news-pipeline eval language`)."""

    max_chars: int = 600  # characters read; 1,000 make no difference on news and take two thirds longer
    tail_chars: int = 200  # of max_chars, read from further down, as an article may change its language
    tail_from: float = 0.7  # where in the body these begin, as a share of its length
    min_body_chars: int = 100  # a shorter body is read together with the headline
    trusted_share: float = 0.9  # of the text in the first language, for CLD2 to decide alone
    trusted_letters: int = 80
    short_letters: int = 25  # below, CLD2 is right more often than the n-gram model (word pairs .82 against .68)
    ngram_candidates: int = 3  # most probable languages of the n-gram model that are considered
    sure: float = 0.8  # probability from which the n-gram model overrules an unreliable CLD2
    overrules: float = 0.9  # probability from which it overrules a reliable one
    enough: float = 0.5  # confidence below which the answer is `und`
    reliable: float = 0.8  # confidence from which the result is called reliable
    mixed_hint: float = 0.12  # share of a second language in what was read from which the text is cut into parts
    mixed_share: float = 0.6  # share of the parts; a text with less in its first language is `mul`
    mixed_letters: int = 200  # a text with fewer letters is not cut
    close_chars: int = 2000  # characters read to distinguish close languages: 0.25 ms, for their articles only
    cantonese_share: float = 0.015  # of the characters; a quotation in a Hong Kong paper has less
    hint_share: float = 0.15  # confidence from which an alternative is chosen by the hint
    unlike: float = 0.15  # share of n-grams missing to the language's level from which it is not the language at all
    max_alternatives: int = 3
    confidence: ConfidenceParams = ConfidenceParams()
    gate: GateParams = GateParams()
    pidgin: PidginParams = PidginParams()
    spans: SpanParams = SpanParams()
