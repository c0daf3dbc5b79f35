"""The place of the sample articles."""

from pathlib import Path

from pipeline.errors import ConfigError

__all__ = ["samples_dir"]


def samples_dir() -> Path:
    """Return the directory of the sample articles: in the installed wheel, else in the checkout.

    Raises:
        ConfigError: This installation has no samples.
    """
    package = Path(__file__).resolve().parents[1]
    for place in (package / "_samples" / "articles", package.parent / "samples" / "articles"):
        if place.is_dir():
            return place
    raise ConfigError("the samples are missing from this installation")
