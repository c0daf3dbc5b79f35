import gzip
import os
import stat
from pathlib import Path

import cramjam
import pytest

from pipeline.offline.output import OutputError, OutputFiles


def write(directory: Path, *lines: bytes, name: str = "out.jsonl") -> Path:
    with OutputFiles(output=str(directory / name)) as files:
        for line in lines:
            files.write("output", line)
    return directory / name


def test_lines_appear_under_the_name(tmp_path: Path) -> None:
    assert write(tmp_path, b"1", b"2").read_bytes() == b"1\n2\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_an_output_without_lines_is_an_empty_file(tmp_path: Path) -> None:
    assert write(tmp_path).read_bytes() == b""


@pytest.mark.parametrize("lines", [0, 3, 100_000])
def test_compressed_outputs(tmp_path: Path, lines: int) -> None:
    whole = [b'{"number": %d}' % number for number in range(lines)]
    plain = b"".join(line + b"\n" for line in whole)
    assert gzip.decompress(write(tmp_path, *whole, name="a.jsonl.gz").read_bytes()) == plain
    assert bytes(cramjam.zstd.decompress(write(tmp_path, *whole, name="a.jsonl.zst").read_bytes())) == plain


@pytest.mark.parametrize("name", ["a.gz", "b.zst"])
def test_the_same_lines_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    first = write(tmp_path, b"x" * 1000, name=name).read_bytes()
    assert write(tmp_path, b"x" * 1000, name=f"again-{name}").read_bytes() == first


def test_failure_leaves_nothing_behind_and_the_old_file_alone(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")

    def fail() -> None:
        with OutputFiles(output=str(tmp_path / "old"), duplicates=str(tmp_path / "new.gz")) as files:
            files.write("output", b"half")
            files.write("duplicates", b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"old": b"old"}


def test_when_one_output_cannot_be_opened_no_other_is_left(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="missing"),
        OutputFiles(output=str(tmp_path / "a"), duplicates=str(tmp_path / "missing" / "b")),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_two_outputs_need_two_names(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="same name"),
        OutputFiles(output=str(tmp_path / "a"), dead_letters=str(tmp_path / "." / "a")),
    ):
        pass


def test_outputs_that_are_not_wanted_are_passed_over(tmp_path: Path) -> None:
    with OutputFiles(output=str(tmp_path / "a")) as files:
        files.write("duplicates", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_link_keeps_pointing_at_its_file(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write(tmp_path, b"new", name="link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new\n"


def test_an_existing_file_keeps_its_mode_and_a_new_one_follows_the_umask(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"")
    (tmp_path / "old").chmod(0o640)
    mask = os.umask(0o027)
    try:
        new = write(tmp_path, name="new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(write(tmp_path, name="old").stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o640


def test_a_device_is_written_to_directly() -> None:
    with OutputFiles(output="/dev/null") as files:
        files.write("output", b"gone")
    assert Path("/dev/null").is_char_device()


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with OutputFiles(output="-") as files:
        files.write("output", b"hello")
    assert capfdbinary.readouterr().out == b"hello\n"
