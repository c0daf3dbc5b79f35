"""The names of the shapes, apart from their readers, which need a library of the extra `sources`."""

from typing import Literal

__all__ = ["Shape"]

Shape = Literal["raw", "ninjs", "newsml-g2", "nitf"]
"""`raw` is everything that `ingest` understands itself (docs/producers.md), to which ninjs belongs."""
