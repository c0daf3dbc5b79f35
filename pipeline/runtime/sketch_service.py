"""The work of `sketch` on events: what stories are made of, in one log with one order."""

from collections.abc import Sequence

from pipeline.domain.record import Record
from pipeline.domain.sketch import Sketch
from pipeline.errors import ContractError
from pipeline.runtime.output_assembly import Output
from pipeline.runtime.stage_service import StageService
from pipeline.stories.sketching import sketch_of
from pipeline.wire.codec import decode_reported

__all__ = ["SketchService"]


class SketchService(StageService):
    """Sketches events, one record of the log for each."""

    stage = "sketch"

    def _work(self, records: Sequence[Record], output: Output) -> int:
        for _, sketch in self._read(records, output, _sketched):
            self._assembly.add_sketch(output, sketch)
            output.samples.ingested_ms.append(sketch.ingested_at_ms)
        return 0


def _sketched(record: Record) -> Sketch:
    article = decode_reported(record.value or b"")
    try:
        return sketch_of(article)
    except ValueError as error:
        raise ContractError("not a valid enriched article: ingested_at is no instant") from error
