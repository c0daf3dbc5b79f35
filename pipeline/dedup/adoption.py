"""Folds signatures with their recorded verdicts: nothing is decided, so many rows are added at once."""

from collections.abc import Sequence
from typing import Final

from pipeline.dedup.state import FoldState, later
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict, VerdictKey
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
        self._checked: set[tuple[int, int]] = set()
        """Fold versions with the windows of verdicts by them that are as they should be."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Add one or more entries, without those whose origin and article are in the window.

        Raises:
            FatalError: A verdict is of a version that this release does not have, or was made with other windows.
            ValueError: A verdict is on another signature, or a number is out of range.
        """
        state = self._state
        keys: list[VerdictKey] = [(signature.origin, signature.article_id) for signature, _, _ in entries]
        added_at = self._added_at(keys)
        window_ms = state.params.exact_window_secs * 1000
        for key, entry in zip(keys, entries, strict=True):
            signature, verdict, append_time_ms = entry
            if verdict.origin != key[0] or verdict.article_id != key[1]:
                raise _other_signature(signature, verdict)
            if not state.is_version_known and verdict.fold_version != state.version:
                self._flush()
                state.switch(verdict.fold_version)
                window_ms = state.params.exact_window_secs * 1000
            if (verdict.fold_version, verdict.window_secs) not in self._checked:
                self._check_windows(verdict)
            known_at = added_at.get(key, _NEVER)
            if known_at >= self._time_ms - window_ms:
                continue
            if known_at != _NEVER:  # expired by now: its row must be dropped before it is added again
                self._flush()
            self._time_ms = added_at[key] = later(self._time_ms, signature, append_time_ms)
            self._pairs.append((signature, verdict, self._time_ms))
            if state.changes_others(verdict):
                self._flush()
                state.change_others(verdict)
        self._flush()

    def _added_at(self, keys: Sequence[VerdictKey]) -> dict[VerdictKey, int]:
        """Return the times of the fold when those of the keys were added that are in the window."""
        numbers = self._state.codec.find_all(keys).tolist()
        return {key: self._state.store.time_ms(number) for key, number in zip(keys, numbers, strict=True) if number}

    def _flush(self) -> None:
        self._state.add_all(self._pairs, self._time_ms)
        self._pairs = []

    def _check_windows(self, verdict: Verdict) -> None:
        """Raise FatalError if a verdict was made with other windows: later verdicts would differ between workers."""
        params = self._state.versions.get(verdict.fold_version)
        if params is None:
            raise FatalError(f"a recorded verdict is of fold {verdict.fold_version}, which this version does not have")
        if verdict.window_secs not in (params.near_window_secs, params.exact_window_secs):
            raise FatalError(
                f"a recorded verdict was made with a window of {verdict.window_secs} s; here the windows are "
                f"{params.near_window_secs} and {params.exact_window_secs} s: set the same windows for all workers"
            )
        self._checked.add((verdict.fold_version, verdict.window_secs))


def _other_signature(signature: Signature, verdict: Verdict) -> ValueError:
    return ValueError(
        f"the verdict on {verdict.article_id} of {verdict.origin} does not belong to the signature of "
        f"{signature.article_id} of {signature.origin}"
    )
