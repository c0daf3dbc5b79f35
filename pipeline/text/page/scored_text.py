"""Make the article's text from the segments that the scorer holds to be in."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.text.page.content import MainText
from pipeline.text.page.segment_features import FEATURES
from pipeline.text.page.segments import Segment

__all__ = ["Chosen", "choose_segments", "text_of", "without_other_articles"]

_WIDTH = FEATURES.index("width")
_VERDICT = FEATURES.index("verdict")
_LEAD = FEATURES.index("lead")
_PROSE = FEATURES.index("is_prose")
_HEADING = FEATURES.index("heading_level")


class Chosen(Struct, frozen=True):
    """The segments that make the article, and how sure that is; N segments."""

    inside: NDArray[np.bool_]
    """[N]."""
    expected_f1: float
    """What the text's F1 will be if the probabilities are right; 0 to 1."""
    agreement: float
    """F1 of the text against that of the rules, by width; 0 to 1."""
    unsure_share: float
    """Width whose probability is near a half, relative to that of the text."""
    page_share: float
    """Width of the text relative to the running text of the page."""


class _ChoiceParams(Struct, frozen=True):
    unsure: tuple[float, float] = (0.15, 0.85)
    """Probabilities between these are near a half."""
    rules_share: float = 0.6
    """Weight of the rules' verdict on a page with few segments; real pages have 140, and the scorer is no better there.
    Chosen by cross-validation over publishers, as are the numbers of segments."""
    few: int = 10
    many: int = 30
    """On a page with so many segments the scorer decides alone."""
    min_probability: float = 0.2
    """A page whose segments are all less likely has no article that the scorer knows; the rules' text stays."""
    repeated_chars: int = 30
    """A segment from this length on that is part of another one's text is not taken a second time."""
    max_compared_chars: int = 200_000_000
    """Characters of the text times segments up to which parts are looked for; a limit on work, much more than long
    articles need."""


_PARAMS = _ChoiceParams()


def choose_segments(probabilities: NDArray[np.float32], features: NDArray[np.float32]) -> Chosen:
    """Choose the segments for which the greatest F1 is expected.

    A segment is worth choosing if its probability is above half of the F1 that is reached: with all the text that may
    be missing elsewhere, a doubtful segment costs little.

    Args:
        probabilities: Of each segment to be in: [N], at least one.
        features: Of the segments: [N, F].
    """
    width = np.expm1(features[:, _WIDTH].astype(np.float64))
    verdict = np.maximum(features[:, _VERDICT], features[:, _LEAD])
    small = min(max((_PARAMS.many - len(width)) / (_PARAMS.many - _PARAMS.few), 0.0), 1.0)
    probabilities = probabilities + small * _PARAMS.rules_share * (verdict - probabilities)
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum((probabilities * width)[order])
    sizes = np.cumsum(width[order])
    f1 = 2 * hits / (sizes + hits[-1])
    best = float(f1.max())
    inside = probabilities > max(best / 2, _PARAMS.min_probability)
    by_rules = verdict * width
    both = float(by_rules[inside].sum())
    total = float(by_rules.sum() + width[inside].sum())
    unsure = (probabilities > _PARAMS.unsure[0]) & (probabilities < _PARAMS.unsure[1])
    chosen = max(float(width[inside].sum()), 1.0)
    prose = max(float((width * features[:, _PROSE]).sum()), 1.0)
    return Chosen(
        inside=inside,
        expected_f1=best,
        agreement=2 * both / total if total else 0.0,
        unsure_share=min(float(width[unsure].sum()) / chosen, 1.0),
        page_share=min(chosen / prose, 2.0),
    )


def without_other_articles(
    probabilities: NDArray[np.float32], features: NDArray[np.float32], others: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the probabilities with 0 for further articles of the page and the headings right above their parts.

    Where the first article ends, a heading says, which no feature compares with the title.

    Args:
        probabilities: Of each segment to be in: [N].
        features: Of the segments: [N, F].
        others: Share of each segment's text that is in a further article, as the rules find them: [N].
    """
    out = others > 0
    for place in range(len(out) - 2, -1, -1):
        if out[place + 1] and features[place, _HEADING] > 0:
            out[place] = True
    return np.where(out, np.float32(0), probabilities)


def text_of(segments: Sequence[Segment], chosen: Chosen, rules: MainText) -> MainText:
    """Return the chosen segments as text; that of the rules where none is chosen.

    Args:
        segments: Of the page: [N].
        chosen: Which of them make the article.
        rules: What the rules found; its lead is kept and not repeated in the text.
    """
    taken = [segment for segment, is_in in zip(segments, chosen.inside, strict=True) if is_in]
    taken = _once([segment for segment in taken if " ".join(segment.text.split()) != rules.lead])
    lines = [line for segment in taken for line in segment.text.split("\n")]
    if not lines:
        return rules
    chars = sum(map(len, lines))
    links = sum(segment.link_chars for segment in taken)
    return MainText(lines, rules.headlines, rules.lead, min(links / chars, 1.0), chosen.page_share)


def _once(segments: Sequence[Segment]) -> list[Segment]:
    """Return segments without those whose text another one has as well: pages show texts for phones and desktops."""
    joined = "\f".join(segment.text for segment in segments)
    equal = Counter(segment.text for segment in segments)
    is_short = len(joined) * len(segments) <= _PARAMS.max_compared_chars
    seen: set[str] = set()
    kept = []
    for segment in segments:
        text = segment.text
        if len(text) >= _PARAMS.repeated_chars:
            # Of equal ones the first stays; one within a longer text goes.
            if text in seen or (is_short and joined.count(text) > equal[text]):
                continue
            seen.add(text)
        kept.append(segment)
    return kept
