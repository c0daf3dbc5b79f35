"""Snapshots of a fold and their format."""

from hashlib import blake2b, sha256

import msgspec
import pytest

from pipeline.dedup.fold import Fold
from tests.harness.folding import Make, apply


def test_an_empty_fold_can_be_restored(make: Make) -> None:
    restored = Fold().restored(b"".join(Fold().snapshot()))
    assert len(restored) == 0
    assert apply(restored, make("a", "text")).kind == "unique"


def _fold_with_every_part(make: Make) -> Fold:
    fold = Fold()
    for article, text in (("a", "one"), ("b" * 32, "two"), ("c", "one"), ("a", "three")):
        apply(fold, make(article, text, at=1, agency="AFP", sketch=bytes(range(256))))
    return fold


def test_snapshots_keep_their_format(make: Make) -> None:
    """A failure here means that releases cannot read each other's snapshots: raise the format instead."""
    digest, size, head, *body = map(bytes, _fold_with_every_part(make).snapshot())
    assert digest == blake2b(head, digest_size=16).digest()
    assert int.from_bytes(size, "big") == len(head)
    fields = msgspec.msgpack.decode(head, strict=False)
    assert list(fields) == ["format", "versions", "active", "time_ms", "names", "rows", "details", "digest"]
    assert (fields["format"], fields["rows"], fields["details"]) == (3, 4, len(body[2]))
    assert sha256(b"".join(body)).hexdigest()[:32] == "14a3198a2dfd9008def1dcc22a27a78c"


def test_a_snapshot_with_another_head_is_of_another_version(make: Make) -> None:
    _, _, head, *body = map(bytes, _fold_with_every_part(make).snapshot())
    fields = msgspec.msgpack.decode(head, strict=False)
    renamed = {name + "_": value for name, value in fields.items()}
    for changed in (fields | {"format": 4}, renamed):
        other = msgspec.msgpack.encode(changed)
        data = [blake2b(other, digest_size=16).digest(), len(other).to_bytes(8, "big"), other, *body]
        with pytest.raises(ValueError, match="another version"):
            Fold().restored(b"".join(data))
