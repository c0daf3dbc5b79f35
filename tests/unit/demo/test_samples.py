from pathlib import Path

import pytest

from pipeline.demo import samples
from pipeline.demo.samples import samples_dir
from pipeline.errors import ConfigError
from pipeline.sources.files import find_files


def test_the_samples_of_the_checkout() -> None:
    assert len(find_files([samples_dir()])) == 18


def test_the_samples_of_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "__file__", str(tmp_path / "pipeline" / "demo" / "samples.py"))
    with pytest.raises(ConfigError, match="missing"):
        samples_dir()
    packaged = tmp_path / "pipeline" / "_samples" / "articles"
    packaged.mkdir(parents=True)
    assert samples_dir() == packaged
