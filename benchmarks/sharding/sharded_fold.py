"""The fold on shards: routes every record of the log, judges it at its home, and sends the verdict to those concerned.

Every part of the state has one owner. Of a signature, its *home* (by article id) has all versions of the article; the
shares of the bands find similar articles, the share of the text the same one. The home gathers their answers, judges
with the rules of the product, and tells the shards that keep the result.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

from benchmarks.sharding.band_share import BandShare
from benchmarks.sharding.gathered import GatheredCodec, GatheredNear, GatheredPending, GatheredStore, Shards
from benchmarks.sharding.key_share import KeyShare
from benchmarks.sharding.row_shard import RowShard, Texts
from benchmarks.sharding.traffic import NUMBER_BYTES, Traffic
from pipeline.dedup.judge import Judge
from pipeline.dedup.pending import PendingCopies
from pipeline.dedup.state import LONG_AGO
from pipeline.dedup.store.lsh_index import BANDS
from pipeline.dedup.store.row_codec import RowCodec
from pipeline.dedup.store.row_kinds import is_canonical, is_partial
from pipeline.dedup.store.verdict_codec import FoldVersions, copy_key, digest16, packed_sketch
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import COPIES, Successor, Verdict

__all__ = ["Kept", "ShardedFold"]

Kept = tuple[LogRecord, Verdict | None, int, int]
"""What a shard that starts reads again: record, recorded verdict, row number, time of the fold."""


class ShardedFold:
    """Makes the verdicts of `Fold` on the same log."""

    def __init__(self, shards: int, versions: FoldVersions, version: int, routes: int = 0) -> None:
        """Start empty.

        Args:
            shards: How many there are.
            versions: All versions of the fold that may be in force.
            version: The one in force.
            routes: With 0, every shard has some bands of all articles, and finds what the single fold finds. Otherwise
                an article is sent to the shards that so many values of its sketch name, which have all bands of the
                articles sent there; similar articles that are sent to different shards are not compared.
        """
        self._versions = versions
        self._version = self._first_version = version
        self._sequence = 0
        sources, declared = Texts(), Texts()
        self.shards = Shards(
            rows=[RowShard(versions, version, sources, declared) for _ in range(shards)],
            bands=[self._band_share(place, shards, routes) for place in range(shards)],
            keys=[],
            sources=sources,
            declared=declared,
            traffic=Traffic(),
            time_ms=LONG_AGO,
            routes=routes,
        )
        self.shards.keys = [KeyShare(self._is_live) for _ in range(shards)]
        self.decided: list[Kept] = []
        self.reads: list[set[int]] = []
        """Of every judged signature, the sequence numbers of the rows that its judgement has read."""
        self._set_judge()

    @property
    def traffic(self) -> Traffic:
        """Messages since `start_counting`."""
        return self.shards.traffic

    def start_counting(self) -> None:
        """Forget the messages so far."""
        self.shards.traffic = Traffic()

    def apply_all(self, entries: Sequence[tuple[LogRecord, int]]) -> Iterator[Verdict | None]:
        """Fold the next records, each with its time of appending in ms; yield what `Fold.apply_all` does."""
        for record, append_time_ms in entries:
            yield self.apply(record, append_time_ms)

    def apply(self, record: LogRecord, append_time_ms: int) -> Verdict | None:
        """Fold the next record of the log, as `Fold.apply` does."""
        if not isinstance(record, Signature):
            self._control(record)
            return None
        shards = self.shards
        home = shards.home_of(record.article_id)
        codec = shards.rows[home].state.codec
        known = codec.find(record.origin, record.article_id)
        if known:
            return codec.verdict(known)
        self._advance(_later(shards.time_ms, record, append_time_ms))
        shards.home, shards.read = home, set()
        sketch = packed_sketch(record)
        query = self._near.look_up([sketch])[0] if sketch else None
        verdict = self._judge.judge(record, query)
        self._sequence += 1
        number = self._sequence * len(shards) + home
        self.reads.append({read // len(shards) for read in shards.read})
        self._commit(record, verdict, number)
        self.decided.append((record, verdict, number, shards.time_ms))
        return verdict

    def restart(self, place: int, saved: tuple[bytes, Any, int] | None = None) -> None:
        """Lose all that one shard has in memory, and build it again from the logs of signatures and verdicts.

        Args:
            place: The shard.
            saved: What `save` returned for it; its rows are then not read again.
        """
        shards = self.shards
        shards.rows[place] = RowShard(self._versions, self._first_version, shards.sources, shards.declared)
        shards.bands[place] = self._band_share(place, len(shards), shards.routes)
        shards.keys[place] = KeyShare(self._is_live)
        begin = 0
        if saved is not None:
            shards.rows[place].restore(saved[:2])
            begin = saved[2]
        for position, kept in enumerate(self.decided):
            self._keep(place, kept, rows=position >= begin)
        shards.rows[place].state.advance(shards.time_ms)
        self._set_judge()

    def work_of_bands(self, place: int, first: int) -> float:
        """Look up and add all signatures again in a share of the bands; return the CPU seconds.

        Args:
            place: The shard.
            first: Position in the log of the first signature that counts.
        """
        share = self._band_share(place, len(self.shards), self.shards.routes)
        steps = [(step, packed_sketch(step[0])) for step in self.decided if isinstance(step[0], Signature)]
        here = [
            (sketch, number, time_ms, verdict is not None and self._is_in_index(record, verdict))
            if isinstance(record, Signature) and sketch and place in self.shards.near_places(sketch)
            else None
            for (record, verdict, number, time_ms), sketch in steps
        ]
        began = 0.0
        for position, step in enumerate(here):
            if position == first:
                began = time.thread_time()
            if step is not None:
                sketch, number, time_ms, is_added = step
                share.look_up(sketch, time_ms)
                if is_added:
                    share.add(number, sketch, time_ms)
        return time.thread_time() - began

    def work_of_rows(self, place: int, first: int) -> float:
        """Add all decided signatures of one home again; return the CPU seconds, as `work_of_bands` does."""
        shard = RowShard(self._versions, self._first_version, self.shards.sources, self.shards.declared)
        began = 0.0
        for position, (record, verdict, number, time_ms) in enumerate(self.decided):
            if position == first:
                began = time.thread_time()
            if number % len(self.shards) == place and isinstance(record, Signature) and verdict is not None:
                shard.state.advance(time_ms)
                shard.add(record, verdict, number, time_ms)
        return time.thread_time() - began

    def save(self, place: int) -> tuple[bytes, Any, int]:
        """Return a snapshot of one shard's rows and the position in the log that it belongs to."""
        return (*self.shards.rows[place].snapshot(), len(self.decided))

    def _commit(self, record: Signature, verdict: Verdict, number: int) -> None:
        """Send a verdict to the shards that keep something of it."""
        kept: Kept = (record, verdict, number, self.shards.time_ms)
        home, traffic = self.shards.home, self.shards.traffic
        concerned = {home}
        if self._is_in_index(record, verdict):
            concerned.update(self.shards.near_places(packed_sketch(record)))
        concerned.update(self._key_places(record, verdict))
        if verdict.promotes is not None:  # every shard knows the copies that are to be published
            concerned.update(range(len(self.shards)))
        for place in concerned:
            traffic.sent("verdicts", home, place, NUMBER_BYTES)
            self._keep(place, kept)

    def _keep(self, place: int, kept: Kept, *, rows: bool = True) -> None:
        """Let one shard keep what concerns it of a record and its verdict; `rows` says whether it lacks its rows."""
        record, verdict, number, time_ms = kept
        if not isinstance(record, Signature):
            if rows:
                self._control_at(place, record, verdict)
            return
        if verdict is None:
            raise ValueError(f"the signature at {record.origin} has no verdict")
        if rows:
            shard = self.shards.rows[place]
            shard.state.advance(time_ms)
            if self.shards.home_of(record.article_id) == place:
                shard.add(record, verdict, number, time_ms)
            elif verdict.promotes is not None and self._is_home(place, verdict.promotes):
                shard.choose(verdict.promotes, chosen=True)
        if self._is_in_index(record, verdict) and place in self.shards.near_places(packed_sketch(record)):
            self.shards.bands[place].add(number, packed_sketch(record), time_ms)
        if is_canonical(record, verdict) and self.shards.place(self._text_key(record, verdict)) == place:
            self.shards.keys[place].add_text(self._text_key(record, verdict), number)
        if _is_copy(verdict) and copy_key(verdict.canonical_id) % len(self.shards) == place:
            self.shards.keys[place].add_copy(copy_key(verdict.canonical_id), number)

    def _control(self, record: Void | Activate) -> None:
        home = self.shards.home_of(record.article_id) if isinstance(record, Void) else 0
        codec = self.shards.rows[home].state.codec
        lost = codec.find(record.origin, record.article_id) if isinstance(record, Void) else 0
        verdict = codec.verdict(lost) if lost else None
        self.decided.append((record, verdict, 0, self.shards.time_ms))
        for place in range(len(self.shards)):
            self.shards.traffic.sent("controls", home, place, NUMBER_BYTES)
            self._control_at(place, record, verdict)
        if isinstance(record, Activate):
            self._version = record.fold_version
            for share in self.shards.bands:
                share.use(self._versions[self._version])
            self._set_judge()

    def _control_at(self, place: int, record: Void | Activate, lost: Verdict | None) -> None:
        shard = self.shards.rows[place]
        if isinstance(record, Activate):
            shard.state.activate(record)
        elif self.shards.home_of(record.article_id) == place:
            shard.state.void(record)
        elif lost is not None and lost.promotes is not None and self._is_home(place, lost.promotes):
            shard.choose(lost.promotes, chosen=False)

    def _is_home(self, place: int, successor: Successor) -> bool:
        return self.shards.home_of(successor.article_id) == place

    def _key_places(self, record: Signature, verdict: Verdict) -> Iterator[int]:
        if is_canonical(record, verdict):
            yield self.shards.place(self._text_key(record, verdict))
        if _is_copy(verdict):
            yield copy_key(verdict.canonical_id) % len(self.shards)

    def _text_key(self, record: Signature, verdict: Verdict) -> bytes:
        short = record.shingles < self._versions[verdict.fold_version].min_exact_shingles
        return digest16(record.content_hash if short else record.text_hash)

    def _is_in_index(self, record: Signature, verdict: Verdict) -> bool:
        params = self._versions[verdict.fold_version]
        return bool(packed_sketch(record)) and (is_canonical(record, verdict) or is_partial(verdict, params))

    def _advance(self, time_ms: int) -> None:
        if time_ms != self.shards.time_ms:
            self.shards.time_ms = time_ms
            for shard in self.shards.rows:
                shard.state.advance(time_ms)

    def _is_live(self, number: int) -> bool:
        return self.shards.owner(number).is_live(number)

    def _band_share(self, place: int, shards: int, routes: int) -> BandShare:
        bands = range(BANDS) if routes else range(place, BANDS, shards)
        return BandShare(bands, self._versions[self._version])

    def _set_judge(self) -> None:
        params = self._versions[self._version]
        store = GatheredStore(self.shards)
        codec = cast("RowCodec", GatheredCodec(store, self.shards))
        self._near = GatheredNear(self.shards, store, params)
        pending = cast("PendingCopies", GatheredPending(self.shards))
        self._judge = Judge(codec, self._near, pending, params, self._version)


def _is_copy(verdict: Verdict) -> bool:
    return verdict.kind in COPIES


def _later(time_ms: int, signature: Signature, append_time_ms: int) -> int:
    """Return the time of the fold after a signature."""
    return time_ms if signature.undated else max(time_ms, min(signature.ingested_at_ms, append_time_ms))
