"""Which brokers a run of the tests has used."""

import pytest

__all__ = ["BROKERS_USED"]

BROKERS_USED = pytest.StashKey[set[str]]()
"""Their names, kept with the configuration of the run."""
