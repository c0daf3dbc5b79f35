"""Chains through numbered entries: a bucket names its newest entry, an entry the next older one; many added at once."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["chain"]

Links = NDArray[np.uint32]


def chain(heads: Links, buckets: NDArray[np.int64], links: Links) -> Links:
    """Put entries at the heads of their buckets, in order; return for each the link to the one before it, or 0.

    `heads` is changed. `links` name the entries (not 0); several may go to one bucket.
    """
    older = heads[buckets]
    heads[buckets] = links
    crowded = np.flatnonzero(heads[buckets] != links)
    if len(crowded):
        # Few, as a rule: those that met in a bucket are chained among themselves.
        heads[buckets[crowded]] = 0
        members = np.flatnonzero(heads[buckets] == 0)
        members = members[np.argsort(buckets[members], kind="stable")]
        ordered = buckets[members]
        again = ordered[1:] == ordered[:-1]
        older[members[1:][again]] = links[members[:-1][again]]
        newest = np.append(~again, True)
        heads[ordered[newest]] = links[members[newest]]
    return older
