"""An article is bound to the source that its first record declares (fold 2)."""

import pytest

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from tests.harness.folding import Make, apply


def test_a_retraction_by_another_source_is_refused(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text", declared_source="desk"))
    apply(promoting, make("b", "text"))
    for declared in ("", "stranger"):
        refused = apply(promoting, make("a", "", action="retract", declared_source=declared))
        assert (refused.kind, refused.flags, refused.revision) == ("refused_retraction", ("other_source",), 1)
        assert not refused.passes
        assert refused.promotes is None
    assert apply(promoting, make("c", "text")).canonical_id == "a"
    assert apply(promoting, make("a", "text", declared_source="desk")).kind == "repeat"
    assert apply(promoting, make("a", "", action="retract", declared_source="desk")).kind == "retraction"


def test_so_is_that_of_a_copy(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    apply(promoting, make("b", "text", declared_source="desk"))
    assert apply(promoting, make("b", "", action="retract")).kind == "refused_retraction"
    assert apply(promoting, make("b", "", action="retract", declared_source="desk")).kind == "retracted_copy"


@pytest.mark.parametrize("text", ["text", "another text"])
def test_a_source_gets_no_rights_by_sending_the_article_itself(make: Make, promoting: Fold, text: str) -> None:
    apply(promoting, make("a", "text", declared_source="desk"))
    sent = apply(promoting, make("a", text, declared_source="stranger"))
    assert (sent.kind, sent.flags) == (("repeat", ()) if text == "text" else ("revision", ("other_source",)))
    refused = apply(promoting, make("a", "", action="retract", declared_source="stranger"))
    assert refused.kind == "refused_retraction"
    assert apply(promoting, make("a", "", action="retract", declared_source="desk")).kind == "retraction"


def test_versions_of_the_same_source_have_no_flag(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "one", declared_source="desk"))
    assert apply(promoting, make("a", "two", declared_source="desk")).flags == ()


def test_a_retraction_of_an_unknown_article_stays_that(make: Make, promoting: Fold) -> None:
    assert apply(promoting, make("a", "", action="retract", declared_source="x")).kind == "unknown_article"


def test_a_snapshot_knows_the_sources(make: Make, promoting: Fold) -> None:
    apply(promoting, make("z", "words", declared_source="other"))
    apply(promoting, make("a", "text", declared_source="desk"))
    restored = promoting.restored(b"".join(promoting.snapshot()))
    assert apply(restored, make("a", "", action="retract", declared_source="other")).kind == "refused_retraction"
    assert apply(restored, make("a", "", action="retract", declared_source="desk")).kind == "retraction"


def test_the_first_version_of_the_fold_binds_nobody(make: Make) -> None:
    fold = Fold(FOLD_VERSIONS[1])
    apply(fold, make("a", "one", declared_source="desk"))
    assert apply(fold, make("a", "two", declared_source="x")).flags == ()
    assert apply(fold, make("a", "", action="retract")).kind == "retraction"
