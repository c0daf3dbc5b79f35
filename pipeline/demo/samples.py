"""Where the samples are."""

from pathlib import Path

from pipeline.errors import ConfigError

__all__ = ["samples_dir"]


def samples_dir() -> Path:
    """Return the directory of the sample articles: inside an installed wheel, else in the checkout.

    Raises:
        ConfigError: This installation has none.
    """
    package = Path(__file__).resolve().parents[1]
    for place in (package / "_samples" / "articles", package.parent / "samples" / "articles"):
        if place.is_dir():
            return place
    raise ConfigError("the samples are missing from this installation")
