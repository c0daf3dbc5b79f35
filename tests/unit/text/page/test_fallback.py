"""When a page is extracted again, and which text is kept."""

import pytest

from pipeline.text.page.content import MainText
from pipeline.text.page.fallback import better_text, needs_fallback
from pipeline.text.page.params import FallbackParams

PARAMS = FallbackParams()


def _main(chars: int, page_share: float) -> MainText:
    return MainText(["x" * chars], (), None, 0.0, page_share)


@pytest.mark.parametrize(
    ("chars", "page_share", "needed"),
    [
        (PARAMS.min_chars, PARAMS.min_page_share, False),
        (PARAMS.min_chars - 1, PARAMS.min_page_share, True),
        (PARAMS.min_chars, PARAMS.min_page_share - 0.01, True),
    ],
)
def test_a_page_with_a_short_or_partial_text_is_extracted_again(chars: int, page_share: float, needed: bool) -> None:
    assert needs_fallback(_main(chars, page_share)) == needed


def test_the_generous_text_must_be_much_longer() -> None:
    strict = _main(300, 0.1)
    as_long, longer = (_main(round(PARAMS.min_gain * 300) + more, 0.9) for more in (0, 1))
    assert better_text(strict, as_long) is strict
    assert better_text(strict, longer) is longer


@pytest.mark.parametrize(
    ("chars", "page_share", "kept"),
    [
        (PARAMS.sure_chars, PARAMS.sure_page_share, True),
        (PARAMS.sure_chars - 1, PARAMS.sure_page_share, False),
        (PARAMS.sure_chars, PARAMS.sure_page_share - 0.01, False),
    ],
)
def test_a_text_with_most_of_the_page_is_kept(chars: int, page_share: float, kept: bool) -> None:
    strict, generous = _main(chars, page_share), _main(10 * chars, 1.0)
    assert better_text(strict, generous) is (strict if kept else generous)
