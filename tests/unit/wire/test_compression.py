"""A content-encoding costs time in proportion to its size, however it is made."""

import gzip
import time

import pytest

from pipeline.domain.outcome import Reject
from pipeline.wire.compression import decompress

MIB = 1024 * 1024


@pytest.mark.parametrize("content", [b"", b"text"])
def test_a_million_members_are_refused_soon(content: bytes) -> None:
    value = gzip.compress(content) * 1_000_000
    began = time.process_time()
    found = decompress(value, "gzip", max_bytes=24 * MIB, max_ratio=100)
    assert isinstance(found, Reject)
    assert found.reason == "too_large"
    assert time.process_time() - began < 5, "the quadratic way takes an hour"


@pytest.mark.parametrize("members", [1, 2, 100])
def test_some_members_are_one_content(members: int) -> None:
    assert decompress(gzip.compress(b"text") * members, "gzip", max_bytes=MIB, max_ratio=100) == b"text" * members


def test_zeros_after_a_member_are_padding() -> None:
    assert decompress(gzip.compress(b"text") + bytes(512), "gzip", max_bytes=MIB, max_ratio=100) == b"text"
