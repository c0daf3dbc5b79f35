"""Hash chains in arrays: a bucket holds its newest entry, and each entry a link to the next older one of its bucket."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["chain"]

Links = NDArray[np.uint32]


def chain(heads: Links, buckets: NDArray[np.int64], links: Links) -> Links:
    """Add entries to the chains of their buckets, in order.

    Args:
        heads: The link to the newest entry of each bucket, or 0; updated in place.
        buckets: The bucket of each new entry, as an index into `heads`; several may have the same bucket.
        links: The link that identifies each new entry; not 0, and all different.

    Returns:
        For each new entry the link to the entry before it in its bucket, or 0.
    """
    older = heads[buckets]
    heads[buckets] = links
    colliding = np.flatnonzero(heads[buckets] != links)
    if len(colliding):
        # The assignment kept one entry of each bucket. Chain all new entries of those buckets among themselves.
        heads[buckets[colliding]] = 0
        members = np.flatnonzero(heads[buckets] == 0)
        members = members[np.argsort(buckets[members], kind="stable")]
        ordered = buckets[members]
        again = ordered[1:] == ordered[:-1]
        older[members[1:][again]] = links[members[:-1][again]]
        newest = np.append(~again, True)
        heads[ordered[newest]] = links[members[newest]]
    return older
