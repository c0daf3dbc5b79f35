"""Load the subject readers that are calibrated or measured: those that ship, or those in given files."""

from pathlib import Path

import numpy as np

from pipeline.errors import ConfigError
from pipeline.models.subjects.encoder import EncoderReader
from pipeline.models.subjects.fast import FastReader
from pipeline.sources.errors import InputError

__all__ = ["load_encoder", "load_fast"]


def load_fast(weights: Path | None = None) -> FastReader:
    """Load the fast reader from a file, or the one that ships.

    Raises:
        InputError: The file is not the weights of a fast reader.
    """
    if weights is None:
        return FastReader.load()
    try:
        with np.load(weights, allow_pickle=False) as arrays:
            return FastReader(arrays)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{weights}: not the weights of a fast reader of this version") from error


def load_encoder(files: Path | None = None) -> EncoderReader:
    """Load the encoder from a directory, or the one that ships; it computes on one thread.

    Raises:
        InputError: The files are missing or damaged.
    """
    try:
        return EncoderReader.load() if files is None else EncoderReader(files)
    except ConfigError as error:
        raise InputError(str(error)) from error
