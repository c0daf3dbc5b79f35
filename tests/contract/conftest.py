"""The published contract as files."""

from pathlib import Path

import pytest

from pipeline.wire.schemas import schema_dir


@pytest.fixture(scope="session")
def schemas() -> Path:
    """The directory of schemas and examples."""
    found = schema_dir()
    assert isinstance(found, Path)
    return found
