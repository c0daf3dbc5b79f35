"""A part of an article, such as the one before a paywall, does not replace the whole (fold 2)."""

import pytest
from msgspec.structs import replace

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from tests.unit.dedup.test_changes import WORDS, Add, add, signed

__all__ = ["add"]

WHOLE = " ".join(WORDS[:150])
PART = " ".join(WORDS[:20])
HEADLINE = "Harbour board approves pilot station"


def test_a_stub_is_no_new_version(add: Add) -> None:
    add("a", HEADLINE, WHOLE)
    verdict = add("a", HEADLINE, PART, is_stub=True)
    assert (verdict.kind, verdict.revision, verdict.flags, verdict.canonical_id) == ("stale", 1, ("stub",), "a")
    assert add("a", HEADLINE, WHOLE).kind == "repeat"
    later = add("a", HEADLINE, f"{WHOLE} {WORDS[300]}")
    assert (later.kind, later.revision, later.supersedes) == ("revision", 2, 1)


@pytest.mark.parametrize(
    ("headline", "body", "facts"),
    [
        (HEADLINE, PART, {}),  # a whole article that became shorter
        (f"{HEADLINE} again", PART, {"is_stub": True}),
        (HEADLINE, PART, {"is_stub": True, "headline_negations": 1}),
        (HEADLINE, f"{PART} 1998", {"is_stub": True}),
        (HEADLINE, PART, {"is_stub": True, "is_withdrawn": True}),
        (HEADLINE, PART, {"is_stub": True, "corrections": ("correction: the name was wrong",)}),
        (HEADLINE, PART, {"is_stub": True, "updates": ("updated",)}),
        (HEADLINE, " ".join(WORDS[:130]), {"is_stub": True}),  # nearly the whole
    ],
)
def test_what_states_something_new_is_a_new_version(
    add: Add, headline: str, body: str, facts: dict[str, object]
) -> None:
    add("a", HEADLINE, WHOLE)
    assert add("a", headline, body, **facts).kind == "revision"


def test_the_whole_article_replaces_its_stub(add: Add) -> None:
    add("a", HEADLINE, PART, is_stub=True)
    assert add("a", HEADLINE, WHOLE).kind == "revision"
    assert add("a", HEADLINE, f"{PART} {WORDS[300]}", is_stub=True).flags == ("stub",)


def test_a_stub_of_a_copy_is_not_published(add: Add) -> None:
    add("a", HEADLINE, WHOLE)
    assert add("b", HEADLINE, WHOLE, "b.example").kind == "exact"
    verdict = add("b", HEADLINE, PART, "b.example", is_stub=True)
    assert (verdict.kind, verdict.flags, verdict.canonical_id) == ("stale", ("stub",), "a")


def test_after_a_retraction_a_stub_is_published() -> None:
    fold = Fold(FOLD_VERSIONS[2])
    fold.apply(signed("a", HEADLINE, WHOLE, at=1), 1)
    gone = fold.apply(replace(signed("a", "", "", at=2), action="retract", text_hash=b"", facts=b""), 2)
    assert gone is not None
    assert gone.kind == "retraction"
    back = fold.apply(signed("a", HEADLINE, PART, at=3, is_stub=True), 3)
    assert back is not None
    assert (back.kind, back.revision) == ("revision", 3)


def test_the_first_version_of_the_fold_takes_a_stub_for_a_revision() -> None:
    fold = Fold(FOLD_VERSIONS[1])
    fold.apply(signed("a", HEADLINE, WHOLE, at=1), 1)
    verdict = fold.apply(signed("a", HEADLINE, PART, at=2, is_stub=True), 2)
    assert verdict is not None
    assert verdict.kind == "revision"
