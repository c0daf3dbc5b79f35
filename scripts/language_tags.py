"""SIB-200's language codes as the BCP 47 tags the pipeline speaks. Needs langcodes (see train_language.py)."""

from collections.abc import Iterable

import langcodes

__all__ = ["tags_of"]

_ARABIC = {"acm-Arab", "acq-Arab", "aeb-Arab", "ajp-Arab", "apc-Arab", "ars-Arab", "ary-Arab", "arz-Arab"}
_FIXED = {
    "prs-Arab": "fa",  # nobody separates Dari from Persian in writing
    "quy-Latn": "qu",
    "pbt-Arab": "ps",
    "tgl-Latn": "tl",
    "twi-Latn": "ak",
    "yue-Hant": "yue",
    "arb-Latn": "ar-Latn",
    "kas-Arab": "ks",
    "kas-Deva": "ks-Deva",
    "srp-Cyrl": "sr",
    "zho-Hans": "zh-Hans",
    "zho-Hant": "zh-Hant",
} | dict.fromkeys(_ARABIC, "ar")


def tags_of(codes: Iterable[str]) -> dict[str, str]:
    """Return the tag of each code: shortest language code, script only where the language is there in two."""
    tags = {}
    for code in codes:
        if code in _FIXED:
            tags[code] = _FIXED[code]
            continue
        language = langcodes.standardize_tag(code.split("-")[0], macro=True).split("-")[0]
        second_script = code in {"ace-Arab", "bjn-Arab", "min-Arab", "knc-Arab", "taq-Tfng"}
        tags[code] = f"{language}-{code.split('-')[1]}" if second_script else language
    return tags
