"""What the judge of an article reads: rows and index of all shards, each asked for what it owns.

The classes stand in for those of the product that its `Judge` uses, so its rules are the same code.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from benchmarks.sharding.band_share import BandShare
from benchmarks.sharding.key_share import KeyShare
from benchmarks.sharding.routes import routes_of
from benchmarks.sharding.row_shard import RowShard, Texts
from benchmarks.sharding.traffic import ANSWER_BYTES, NUMBER_BYTES, ROW_BYTES, Traffic
from pipeline.dedup.near import NearCounts, NearDuplicates, Query
from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.article_rows import ArticleRows
from pipeline.dedup.store.row_layout import SKETCH_BYTES, Row, Sketches
from pipeline.dedup.store.row_store import RowStore
from pipeline.dedup.store.verdict_codec import article_digest
from pipeline.domain.ids import ArticleId
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict

__all__ = ["GatheredCodec", "GatheredNear", "GatheredPending", "GatheredStore", "Shards"]


class Shards(Struct):
    """All shards; in the prototype they are in one process.

    Attributes:
        rows: By article.
        bands: By band of the index.
        keys: By text, and by canonical article.
        sources, declared: Numbers of texts.
        traffic: Counts of messages.
        home: The shard that judges at present.
        read: The rows that the present judgement has read.
        time_ms: The time of the fold.
        routes: Values of a sketch by which an article is sent to shards that have all bands of some articles; 0 for
            shards that have some bands of all articles.
    """

    rows: list[RowShard]
    bands: list[BandShare]
    keys: list[KeyShare]
    sources: Texts
    declared: Texts
    traffic: Traffic
    home: int = 0
    read: set[int] = set()
    time_ms: int = 0
    routes: int = 0

    def __len__(self) -> int:
        """Count the shards."""
        return len(self.rows)

    def home_of(self, article: ArticleId) -> int:
        """Return the shard that has all versions of an article and judges them."""
        return self.place(article_digest(article)[0])

    def place(self, key: bytes) -> int:
        """Return the shard of a key."""
        return int.from_bytes(key[:8], "little") % len(self.rows)

    def near_places(self, sketch: bytes) -> Sequence[int]:
        """Return the shards in which an article is compared with others."""
        if not self.routes:
            return range(len(self.rows))
        return routes_of(sketch, self.routes, len(self.rows))

    def owner(self, number: int) -> RowShard:
        """Return the shard that has a row."""
        return self.rows[number % len(self.rows)]

    def fetch(self, number: int) -> RowShard:
        """Return the shard that has a row, and count that the row is sent to the judge, once for a judgement."""
        if number not in self.read:
            self.read.add(number)
            self._ask(number)
        return self.owner(number)

    def _ask(self, number: int) -> None:
        shard = number % len(self.rows)
        self.traffic.sent("rows", self.home, shard, NUMBER_BYTES)
        if shard != self.home:
            owner = self.rows[shard]
            packed = owner.state.store.packed_verdict(owner.local(number))
            self.traffic.sent("rows", shard, self.home, ROW_BYTES + SKETCH_BYTES + len(packed))


class GatheredStore:
    """The rows of all shards; has the methods of `RowStore` that read by number or key."""

    def __init__(self, shards: Shards) -> None:
        """Read from these shards."""
        self._shards = shards

    def row(self, number: int) -> Row:
        """Return a live row."""
        return self._shards.fetch(number).row(number)

    def sketches_of(self, numbers: NDArray[Any]) -> Sketches:
        """Return the sketches of live rows, of the shape of `numbers` with one more axis."""
        found = np.empty((numbers.size, SKETCH_BYTES), dtype=np.uint8)
        for place, number in enumerate(numbers.reshape(-1).tolist()):
            owner = self._shards.fetch(number)
            found[place] = owner.state.store.sketches_of(np.array(owner.local(number), dtype=np.uint32))
        return found.reshape(*numbers.shape, SKETCH_BYTES)

    def by_article(self, digest: bytes, odd: int) -> ArticleRows:
        """Return an article's rows, newest first."""
        shard = self._shards.place(digest)
        for size in (len(digest), ROW_BYTES):
            self._shards.traffic.sent("histories", self._shards.home, shard, size)
        return self._shards.rows[shard].by_article(digest, odd)

    def by_text(self, key: bytes) -> Iterator[tuple[int, Row]]:
        """Yield the canonical articles with a text hash, newest first."""
        return self._found(self._shards.place(key), len(key), lambda share: share.texts(key))

    def by_canonical(self, key: int) -> Iterator[tuple[int, Row]]:
        """Yield the copies of the canonical articles with a key, newest first."""
        return self._found(key % len(self._shards), 4, lambda share: share.copies(key))

    def _found(self, shard: int, size: int, look_up: Callable[[KeyShare], Iterator[int]]) -> Iterator[tuple[int, Row]]:
        traffic, home = self._shards.traffic, self._shards.home
        numbers = list(look_up(self._shards.keys[shard]))
        traffic.sent("keys", home, shard, size)
        traffic.sent("keys", shard, home, NUMBER_BYTES * len(numbers))
        return ((number, self.row(number)) for number in numbers)


class GatheredCodec:
    """The verdicts of all shards; has the methods of `RowCodec` that read."""

    def __init__(self, store: GatheredStore, shards: Shards) -> None:
        """Read from these shards."""
        self.store = store
        self.sources = shards.sources
        self.declared_sources = shards.declared
        self._shards = shards

    def article(self, number: int) -> ArticleId:
        """Return the article id of a live row."""
        return self._shards.fetch(number).state.codec.article(self._local(number))

    def verdict(self, number: int) -> Verdict:
        """Return the verdict of a live row."""
        return self._shards.fetch(number).state.codec.verdict(self._local(number))

    def facts(self, number: int) -> bytes:
        """Return the packed facts of a live row."""
        return self._shards.fetch(number).state.codec.facts(self._local(number))

    def signature(self, number: int) -> Signature:
        """Return what a live row has kept of its signature."""
        return self._shards.fetch(number).state.codec.signature(self._local(number))

    def _local(self, number: int) -> int:
        return self._shards.owner(number).local(number)


class GatheredPending:
    """The copies of all shards that are to be published; every shard knows them, because they are few."""

    def __init__(self, shards: Shards) -> None:
        """Read from these shards."""
        self._shards = shards

    def __len__(self) -> int:
        """Count them."""
        return sum(len(shard.state.pending) for shard in self._shards.rows)

    def newest(self, most: int) -> list[tuple[int, Row]]:
        """Return at most so many of the newest rows with their numbers, oldest first."""
        found = [pair for shard in self._shards.rows for pair in shard.newest_pending(most)]
        return sorted(found, key=lambda pair: pair[0])[-most:]


class _NumbersAsEntries:
    """In place of an index: the shares of bands answer with row numbers."""

    first = 0

    def row(self, number: int) -> int:
        return number


class GatheredNear(NearDuplicates):
    """The matches of all shares of the bands."""

    def __init__(self, shards: Shards, store: GatheredStore, params: FoldParams) -> None:
        """Ask the shares of these shards."""
        super().__init__(cast("RowStore", store), params, NearCounts())
        self._index = cast("Any", _NumbersAsEntries())
        self._shards = shards

    def look_up(self, sketches: Sequence[bytes]) -> list[Query]:
        """Ask all shares for the articles that share a band with sketches."""
        return [self._query(sketch) for sketch in sketches]

    def _query(self, sketch: bytes) -> Query:
        shards, traffic = self._shards, self._shards.traffic
        found: dict[int, int] = {}
        for place in shards.near_places(sketch):
            traffic.sent("sketches", shards.home, place, SKETCH_BYTES)
            answer = shards.bands[place].look_up(sketch, shards.time_ms)
            traffic.sent("candidates", place, shards.home, ANSWER_BYTES * len(answer))
            found.update(answer)
        return Query(
            sketch=np.frombuffer(sketch, dtype=np.uint8),
            keys=np.empty(0, dtype=np.uint32),
            found=list(found.items()),
            in_batch=[],
            crowded=[],
        )
