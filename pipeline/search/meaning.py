"""Reads queries as the pipeline reads articles, so that both have vectors of one model."""

from pipeline.models.subjects.encoder import EncoderReader
from pipeline.models.subjects.reading import SubjectInput

__all__ = ["MeaningOfQueries"]


class MeaningOfQueries:
    """The encoder of subjects, which takes about as long for a query as for a headline."""

    def __init__(self) -> None:
        """Load the weights.

        Raises:
            ConfigError: There are none.
        """
        self._encoder = EncoderReader.load()
        self.model = self._encoder.version

    def vector(self, text: str) -> bytes | None:
        """Return the vector of a text, or None if no word is known."""
        (reading,) = self._encoder.read([SubjectInput(headline=text)])
        return None if reading is None else reading.vector
