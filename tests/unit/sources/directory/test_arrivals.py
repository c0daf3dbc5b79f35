"""A file is taken once it is whole, and by its version."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.sources.directory.arrivals import Arrivals
from pipeline.sources.directory.state import FileMark, SentFiles


def names(marks: list[FileMark]) -> list[str]:
    return [Path(mark.path).name for mark in marks]


def test_a_file_that_still_grows_is_left_alone(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, settle_secs=5)
    growing = tmp_path / "b.jsonl"
    growing.write_text("{}\n")
    (tmp_path / "a.txt").write_text("text")
    assert arrivals.look(0) == []
    growing.write_text("{}\n{}\n")
    assert names(arrivals.look(5)) == ["a.txt"]
    assert names(arrivals.look(9.9)) == ["a.txt"]
    assert names(arrivals.look(10)) == ["a.txt", "b.jsonl"]


def test_unfinished_hidden_and_other_files_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / ".news-pipeline").mkdir()
    (tmp_path / "sub").mkdir()
    for name in ("x.json.part", ".h.json", "y.pdf", ".news-pipeline/s.json", "c.txt.headers", "z.xml.tmp"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "sub" / "good.XML").write_text("<nitf/>")
    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    assert names(Arrivals(tmp_path, 0).look(0)) == ["good.XML"]


def test_what_was_sent_is_known_by_version_and_after_a_restart(tmp_path: Path) -> None:
    first, second = FileMark("a", 1, 5), FileMark("a", 1, 6)
    sent = SentFiles(tmp_path / "state")
    assert sent.sent(first) == (0, "begun")
    sent.note(first, 200, "begun")
    sent.close()
    sent = SentFiles(tmp_path / "state")
    assert sent.sent(first) == (200, "begun")
    sent.note(first, 250, "sent")
    assert sent.sent(first) == (250, "sent")
    assert sent.sent(second) == (0, "begun")
    sent.forget("a")
    assert sent.sent(first) == (0, "begun")


def test_a_state_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(ConfigError, match="sqlite"):
        SentFiles(tmp_path / "state")
