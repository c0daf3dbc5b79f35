"""Label values: closed lists, so that the number of series is bounded. Anything else counts as `other`."""

from typing import Literal

from pipeline.domain.stage import StageName

__all__ = [
    "ABSTENTIONS",
    "LANGUAGES",
    "MODELS",
    "NO_REASON",
    "OTHER",
    "PROMOTION_RESULTS",
    "READERS",
    "RELIABLE",
    "REQUEST_ERRORS",
    "RETRY_REASONS",
    "SNAPSHOT_RESULTS",
    "SUBJECTS",
    "PromotionResult",
    "RequestError",
    "RetryReason",
]

NO_REASON = "none"
OTHER = "other"

RetryReason = Literal["transient", "append_timeout", "slow_network"]
RETRY_REASONS: tuple[RetryReason, ...] = ("transient", "append_timeout", "slow_network")
SNAPSHOT_RESULTS = ("saved", "failed")
PromotionResult = Literal["resent", "gone"]
PROMOTION_RESULTS: tuple[PromotionResult, ...] = ("resent", "gone")
MODELS: dict[str, StageName] = {"language": "detect-language", "subjects": "classify"}
"""The models, by the stages that use them."""

RequestError = Literal["connection", "not_ready", "timeout", "other"]
REQUEST_ERRORS: tuple[RequestError, ...] = ("connection", "not_ready", "timeout", "other")
"""Kinds of requests to brokers without an answer: the connection broke, there was none, the time limit passed."""

_LANGUAGES = """
am ar bg bn ca cs da de el en es et fa fi fr gu ha he hi hr hu id it ja ka kk ko lt lv mk ml mr ms mul my nb ne nl nn
pa pl ps pt ro ru sk sl so sq sr sv sw ta te th tl tr uk und ur uz vi yo zh
"""
LANGUAGES: tuple[str, ...] = tuple(_LANGUAGES.split())
"""Primary language subtags that get a series of their own: those of the larger news markets, `und` and `mul`."""

SUBJECTS: tuple[str, ...] = tuple(f"medtop:{number:02d}000000" for number in range(1, 18))
"""The seventeen top-level IPTC Media Topics."""


ABSTENTIONS: tuple[str, ...] = ("no_text", "language_unsupported", "below_floor")
"""Reasons for which an article has no subject."""

READERS: tuple[str, ...] = ("encoder", "fast")
"""Who answers what the subjects of an article are."""

RELIABLE: tuple[str, ...] = ("true", "false")
