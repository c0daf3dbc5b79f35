"""Folds signatures with their recorded verdicts: nothing is decided, so many rows are added at once."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from pipeline.dedup.state import FoldState, later
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict, VerdictKey, key_of
from pipeline.errors import FatalError

__all__ = ["Adoption"]

_NEVER: Final = -(1 << 63)
"""In place of the time of a row that is not in the window."""

Entry = tuple[Signature, Verdict, int]
"""A signature, the recorded verdict on it, and the timestamp of the signature in epoch milliseconds."""


class Adoption:
    """Adds entries to the state of a fold, in the order of the log."""

    def __init__(self, state: FoldState) -> None:
        """Add to a state, with room for the entries."""
        self._state = state
        self._pairs: list[tuple[Signature, Verdict, int]] = []
        """Not added yet, each with the time of the fold when it is."""
        self._time_ms = state.time_ms

    def add(self, entries: Sequence[Entry], *, are_new: bool = False) -> None:
        """Add one or more entries, without those whose origin and article are in the window.

        Args:
            entries: The entries.
            are_new: Whether the window is known to have none of them.

        Raises:
            FatalError: A verdict is of a version that this release does not have, or was made with other windows.
            ValueError: A verdict is on another signature, or a number is out of range.
        """
        state = self._state
        keys: list[VerdictKey] = [(signature.origin, signature.article_id) for signature, _, _ in entries]
        self._check(keys, entries)
        added_at = self._repeated(keys) if are_new else self._repeated(keys) | self._added_at(keys)
        for key, (signature, verdict, append_time_ms) in zip(keys, entries, strict=True):
            if not state.is_version_known and verdict.fold_version != state.version:
                self._flush()
                state.switch(verdict.fold_version)
            if added_at and key in added_at:
                if added_at[key] >= self._time_ms - state.params.exact_window_secs * 1000:
                    continue
                if added_at[key] != _NEVER:  # expired by now: its row must be dropped before it is added again
                    self._flush()
                added_at[key] = later(self._time_ms, signature, append_time_ms)
            self._time_ms = time_ms = later(self._time_ms, signature, append_time_ms)
            self._pairs.append((signature, verdict, time_ms))
            if state.changes_others(verdict):
                self._flush()
                state.change_others(verdict)
        self._flush()

    def _repeated(self, keys: Sequence[VerdictKey]) -> dict[VerdictKey, int]:
        """Return _NEVER for the keys that occur several times: of those, what was added is to be remembered."""
        if len(set(keys)) == len(keys):
            return {}
        return {key: _NEVER for key, count in Counter(keys).items() if count > 1}

    def _added_at(self, keys: Sequence[VerdictKey]) -> dict[VerdictKey, int]:
        """Return the times of the fold when keys were added that are in the window."""
        numbers = self._state.codec.find_all(keys)
        found = np.flatnonzero(numbers)
        times = self._state.store.column("time", numbers[found]).tolist()
        return dict(zip([keys[place] for place in found.tolist()], times, strict=True))

    def _flush(self) -> None:
        self._state.add_all(self._pairs, self._time_ms)
        self._pairs = []

    def _check(self, keys: Sequence[VerdictKey], entries: Sequence[Entry]) -> None:
        verdicts = [verdict for _, verdict, _ in entries]
        if [(verdict.origin, verdict.article_id) for verdict in verdicts] != keys:
            verdict, key = next(pair for pair in zip(verdicts, keys, strict=True) if key_of(pair[0]) != pair[1])
            raise ValueError(
                f"the verdict on {verdict.article_id} of {verdict.origin} does not belong to the signature of "
                f"{key[1]} of {key[0]}"
            )
        for version, window_secs in {(verdict.fold_version, verdict.window_secs) for verdict in verdicts}:
            self._check_window(version, window_secs)

    def _check_window(self, version: int, window_secs: int) -> None:
        """Raise FatalError if a verdict was made with another window: later verdicts would differ between workers."""
        params = self._state.versions.get(version)
        if params is None:
            raise FatalError(f"a recorded verdict is of fold {version}, which this version does not have")
        if window_secs not in (params.near_window_secs, params.exact_window_secs):
            raise FatalError(
                f"a recorded verdict was made with a window of {window_secs} s; here the windows are "
                f"{params.near_window_secs} and {params.exact_window_secs} s: set the same windows for all workers"
            )
