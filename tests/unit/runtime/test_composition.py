"""Models are loaded while the worker does other things."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from pipeline.domain.stage import StageName
from pipeline.runtime import composition
from pipeline.runtime.composition import begin_building
from pipeline.settings import Settings


async def test_stages_are_built_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    loop_goes_on = threading.Event()

    def build(names: Sequence[StageName], **_: Any) -> list[Any]:
        assert loop_goes_on.wait(30), "the event loop waits for the models"
        return list(names)

    monkeypatch.setattr(composition, "build_stages", build)
    built = begin_building(("detect-language", "classify"), Settings())
    await asyncio.sleep(0)
    assert not built.done()
    loop_goes_on.set()
    found: list[Any] = [*await built]
    assert found == ["detect-language", "classify"]


@pytest.mark.parametrize("stage", ["cluster", "sketch", "story"])
async def test_other_services_load_no_models(stage: StageName, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "build_stages", lambda *_, **__: pytest.fail("no stage of a chain"))
    assert await begin_building((stage,), Settings()) == []
