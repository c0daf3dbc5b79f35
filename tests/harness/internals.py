"""Internals of aiokafka that are replaced for the whole process, put back at the end of a test."""

import importlib

import pytest

from pipeline.kafka_io.patches import INTERNALS

__all__ = ["restore_internals"]


def restore_internals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every name that `install_patches` assigns restored when the test ends."""
    for internal in INTERNALS:
        if internal.use == "replaced":
            module, _, path = internal.name.partition(":")
            holder = importlib.import_module(module)
            *owners, last = path.split(".")
            for owner in owners:
                holder = getattr(holder, owner)
            monkeypatch.setattr(holder, last, getattr(holder, last))
