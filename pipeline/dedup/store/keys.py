"""Keys by which rows are found: 64 bits of an origin or of a digest, alike for one row and for columns of rows."""

import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.store.row_layout import ODD_ID, Table

__all__ = ["RowKeys", "digest_key", "origin_key", "origin_keys"]

_KEY: Final = struct.Struct("<Q")
_FACTORS: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


def origin_keys(
    lanes: NDArray[np.uint32], partitions: NDArray[np.uint32], offsets: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Return the keys of origins, each part given as a column of shape (n,)."""
    offset, partition, lane = (np.uint64(factor) for factor in _FACTORS)
    values = offsets * offset + partitions.astype(np.uint64) * partition + lanes.astype(np.uint64) * lane
    mixed: NDArray[np.uint64] = values ^ (values >> np.uint64(29))
    return mixed


def origin_key(lane: int, partition: int, offset: int) -> int:
    """Return the key of one origin."""
    value = (offset * _FACTORS[0] + partition * _FACTORS[1] + lane * _FACTORS[2]) & (2**64 - 1)
    return value ^ (value >> 29)


def digest_key(digest: bytes) -> int:
    """Return the key of a digest: its first 8 bytes."""
    key: int = _KEY.unpack_from(digest)[0]
    return key


class RowKeys(NamedTuple):
    """Origins and articles, each of which identifies a row, as columns."""

    lanes: NDArray[np.uint32]
    """Numbers of lanes, of shape (n,)."""
    partitions: NDArray[np.int64]
    """Of shape (n,)."""
    offsets: NDArray[np.int64]
    """Of shape (n,)."""
    digests: NDArray[np.uint64]
    """The first and the second half of the digests of the articles' ids, of shape (n, 2)."""
    odd: NDArray[np.uint8]
    """ODD_ID or 0, of shape (n,)."""

    def origin_keys(self) -> NDArray[np.uint64]:
        """Return the keys of the origins, of shape (n,)."""
        return origin_keys(self.lanes, self.partitions.astype(np.uint32), self.offsets.astype(np.uint64))

    def are_of(self, rows: Table, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each row whether it is of the origin and article at a place."""
        same: NDArray[np.bool_] = (rows["offset"] == self.offsets[places]) & (
            rows["partition"] == self.partitions[places]
        )
        same &= (rows["lane"] == self.lanes[places]) & (rows["flags"] & ODD_ID == self.odd[places])
        same &= (rows["id"] == self.digests[places]).all(axis=1)
        return same
