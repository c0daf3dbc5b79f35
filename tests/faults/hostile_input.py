"""What a producer can write to the raw topic, beside bad values: batches, keys and headers of any form."""

from collections import Counter
from hashlib import sha256

from tests.faults.trial import Found, Ground, headers_of, trials
from tests.harness.hostile_batches import batch, empty_members, record, send_batches, zeros

__all__ = ["HOSTILE_INPUT"]

MIB = 1024 * 1024
ZEROS = 450 * MIB  # in the memory of a worker several times over, without a bound
TINY = 60_000
MEMBERS = 500  # a broker refuses tens of thousands
GOOD = 20  # good records before and after
DRAIN_SECS = 60


def batches_too_large(ground: Ground) -> Found:
    """Send batches that unpack to far more than a worker has, with every codec, between good records."""
    servers, raw = ground.cluster.bootstrap_servers, ground.raw
    ground.good(GOOD, 1)
    bad = [batch(codec, zeros(ZEROS), 1) for codec in ("gzip", "snappy", "lz4", "zstd")]
    bad.append(batch("gzip", [record(b"no article")], 1, after=empty_members(MEMBERS)))
    tiny = batch("lz4", (record(b"", key=b"", delta=number) for number in range(TINY)), TINY)
    send_batches(servers, raw, [(number % 4, one) for number, one in enumerate([*bad, tiny])])
    ground.good(GOOD, 2)
    with ground.worker() as worker:
        secs = ground.drain(worker, 120)
    letters = [headers_of(letter) for letter in ground.letters()]
    cut = [one for one in letters if one.get("news.dlq.value-bytes") == str(ZEROS)]
    assert {one["news.dlq.value-sha256"] for one in cut} == {_zeros_sha256()}
    reasons = Counter(one["news.dlq.reason"] for one in letters)
    assert reasons == {"too_large": len(cut), "empty_value": TINY, "invalid_json": 1}, reasons
    assert len(cut) == 4
    assert ground.starts == 1, "a worker ended"
    return Found(
        inputs=len(bad) + TINY + 2 * GOOD,
        lost=2 * GOOD - len(ground.events()),
        proof=f"450 MB of zeros with each of four codecs, {MEMBERS} gzip members, {TINY} records in one batch: "
        f"dead letters, with hash and size, within {secs:.0f} s; no worker ended, peak {ground.peak_mib} MiB",
    )


def keys_and_headers(ground: Ground) -> Found:
    """Send records whose keys and headers are of every form that a broker takes, between good records."""
    value = b"{"  # each becomes a dead letter, so that everything has to be written again
    many, binary = [(b"h", b"1")] * 500, bytes(range(256))
    bad = {
        "a header name that is not UTF-8": record(value, headers=[(b"\xff\xfe", b"1")]),
        "control characters": record(value, headers=[(b"a\0\r\n\x1b", b"\0\r\n\x1b")]),
        "binary content": record(value, headers=[(b"ce_type", binary), (b"content-type", binary)]),
        "500 headers": record(value, headers=many),
        "a million headers": record(value, headers=[(b"", b"")] * 1_000_000),
        "a header of 9 MB": record(value, headers=[(b"h", bytes(9 * MIB))]),
        "a key of 1 MB": record(value, key=b"k" * MIB),
        "a key of 20 MB": record(value, key=bytes(20 * MIB)),
        "our own headers": record(value, headers=[(b"news.dlq.reason", b"none"), (b"__connect.errors.topic", b"x")]),
    }
    ground.good(GOOD, 1)
    servers = ground.cluster.bootstrap_servers
    offsets = send_batches(servers, ground.raw, [(1, batch("lz4", [one], 1)) for one in bad.values()])
    ground.good(GOOD, 2)
    with ground.worker() as worker:
        ground.drain(worker, DRAIN_SECS)
    assert ground.starts == 1, "a worker ended"
    # Read by a client that does not decode names, as header names that are not UTF-8 come out as they came in.
    letters = ground.letters_by_offset()
    assert set(letters) == set(offsets), "each has one dead letter"
    cut = [name for name, offset in zip(bad, offsets, strict=True) if letters[offset]["news.dlq.reason"] == "too_large"]
    assert cut == ["a million headers", "a header of 9 MB", "a key of 20 MB"], cut
    return Found(
        inputs=len(bad) + 2 * GOOD,
        lost=2 * GOOD - len(ground.events()),
        proof=f"{', '.join(bad)}: one dead letter each, with the original bytes; of {', '.join(cut)} the size",
    )


def _zeros_sha256() -> str:
    whole = sha256()
    for _ in range(ZEROS // MIB):
        whole.update(bytes(MIB))
    return whole.hexdigest()


HOSTILE_INPUT = (
    *trials("batches too large to unpack", batches_too_large),
    *trials("keys and headers of any form", keys_and_headers),
)
