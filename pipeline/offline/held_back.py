"""The raw records of held-back copies of a run without a broker, in a temporary file.

A copy may be published later, when its canonical article is withdrawn, and its source may be a pipe.
"""

import tempfile
from collections.abc import Mapping, Sequence
from typing import BinaryIO, Final, cast

import msgspec

from pipeline.domain.record import Origin, Record
from pipeline.domain.verdict import COPIES, Verdict

__all__ = ["HeldBackRecords"]

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Record)


class HeldBackRecords:
    """Remembers raw records by their origins; memory grows by the origins alone."""

    def __init__(self) -> None:
        """Open the file; the operating system deletes it when the process ends."""
        self._file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  open as long as the run
        self._places: dict[Origin, tuple[int, int]] = {}
        self._end = 0

    def keep(self, records: Sequence[Record], verdicts: Sequence[Verdict]) -> None:
        """Remember those records of a batch whose articles were held back as copies."""
        by_place = {(record.partition, record.offset): record for record in records}
        for verdict in verdicts:
            if verdict.kind in COPIES:
                data = _ENCODER.encode(by_place[verdict.origin.partition, verdict.origin.offset])
                self._file.seek(self._end)
                self._file.write(data)
                self._places[verdict.origin] = self._end, len(data)
                self._end += len(data)

    def recall(self, verdicts: Sequence[Verdict]) -> Mapping[Origin, Record | None]:
        """Return the raw records of the copies that verdicts promote."""
        origins = {verdict.promotes.origin for verdict in verdicts if verdict.promotes is not None}
        return {origin: self._read(origin) for origin in origins}

    def close(self) -> None:
        """Delete the file."""
        self._file.close()

    def _read(self, origin: Origin) -> Record | None:
        place = self._places.get(origin)
        if place is None:
            return None
        self._file.seek(place[0])
        return _DECODER.decode(self._file.read(place[1]))
