"""Whether a block reads as running text, whatever its element is called."""

import re

from pipeline.text.page.params import PAGE_PARAMS, ProseParams
from pipeline.text.punctuation import CLOSING_QUOTES, SENTENCE_ENDS

__all__ = ["is_prose"]

_ENDS = (*SENTENCE_ENDS, *CLOSING_QUOTES, ":", ")")
_WIDE = re.compile("[\u3041-\u9fff\uac00-\ud7af]")


def is_prose(text: str, link_chars: int, params: ProseParams = PAGE_PARAMS.prose) -> bool:
    """Return whether a block is a sentence or more: long enough, ended as sentences are, and hardly any of it a link.

    Args:
        text: The block's text, stripped.
        link_chars: How many of its characters are within links.
        params: Thresholds.
    """
    size = len(text)
    if link_chars > params.max_link_share * size or not text.endswith(_ENDS):
        return False
    if size >= params.min_width or text.isascii():
        return size >= params.min_width
    return size + params.extra_width * len(_WIDE.findall(text)) >= params.min_width
