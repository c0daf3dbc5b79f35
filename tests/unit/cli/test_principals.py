"""Whose articles a withdrawal names."""

import pytest

from pipeline.cli.arguments import UsageError
from pipeline.cli.principals import named_principals
from pipeline.settings import DedupSettings, Settings


def test_a_principal_must_be_named_only_where_it_counts() -> None:
    free, bound = Settings(), Settings(dedup=DedupSettings(bind_principals=True))
    assert named_principals(free, ()) == [None]
    assert named_principals(bound, ("http:harbour", "-")) == ["http:harbour", None]
    with pytest.raises(UsageError, match="--principal"):
        named_principals(bound, ())
