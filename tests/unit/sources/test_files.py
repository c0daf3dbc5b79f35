import gzip
import io
import os
import sys
from pathlib import Path

import cramjam
import pytest

from pipeline.domain.record import Record
from pipeline.sources.errors import InputError
from pipeline.sources.files import FilesParams, find_files, read_files
from pipeline.wire.raw import TRUNCATED_FROM

LINES = b'{"a": 1}\n\nnot json \xff\r\n{"b":2}'
VALUES = [b'{"a": 1}', b"", b"not json \xff\r", b'{"b":2}']


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def values(*paths: Path | str, limit: int = 1000) -> list[bytes | None]:
    return [record.value for record in read_files(paths, now_ms=1, params=FilesParams(max_record_bytes=limit))]


def test_every_line_is_a_record_byte_for_byte(tmp_path: Path) -> None:
    records = list(read_files([write(tmp_path / "a.jsonl", LINES)], now_ms=5))
    assert [record.value for record in records] == VALUES
    assert [record.offset for record in records] == [0, 1, 2, 3]
    assert {(record.partition, record.timestamp_ms, record.key, record.headers) for record in records} == {
        (0, 5, None, ())
    }
    assert records[0].topic == str(tmp_path / "a.jsonl")


def test_compressed_lines(tmp_path: Path) -> None:
    two_frames = bytes(cramjam.zstd.compress(LINES[:9])) + bytes(cramjam.zstd.compress(LINES[9:]))
    assert values(write(tmp_path / "a.jsonl.gz", gzip.compress(LINES))) == VALUES
    assert values(write(tmp_path / "a.jsonl.zst", bytes(cramjam.zstd.compress(LINES)))) == VALUES
    assert values(write(tmp_path / "b.ndjson.zst", two_frames)) == VALUES


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_an_empty_file_has_no_lines(tmp_path: Path, name: str) -> None:
    assert values(write(tmp_path / name, b"")) == []


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_corrupt_compression_is_the_users_error(tmp_path: Path, name: str) -> None:
    whole = gzip.compress(LINES) if name.endswith(".gz") else bytes(cramjam.zstd.compress(LINES))
    for data in (whole[: len(whole) // 2], b"this is not compressed at all"):
        with pytest.raises(InputError, match="corrupt"):
            values(write(tmp_path / name, data))


def test_an_overlong_line_keeps_its_beginning_and_its_neighbours(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", b"one\n" + b"x" * 5000 + b"\n" + b"y" * 10 + b"\n" + b"z" * 11)
    records = list(read_files([path], now_ms=1, params=FilesParams(max_record_bytes=10)))
    assert [record.value for record in records] == [b"one", b"x" * 11, b"y" * 10, b"z" * 11]
    assert [record.header(TRUNCATED_FROM) for record in records] == [None, "5000", None, None]


def test_json_objects_and_arrays(tmp_path: Path) -> None:
    assert values(write(tmp_path / "one.json", b' {"a" : 1} \n')) == [b' {"a" : 1} \n']
    assert values(write(tmp_path / "many.json", b'[{"a" : 1}, 2 , "x"]')) == [b'{"a" : 1}', b"2", b'"x"']
    assert values(write(tmp_path / "none.json", b"[]")) == []
    assert values(write(tmp_path / "bad.json", b'[{"a": 1}, {"b"')) == [b'[{"a": 1}, {"b"']
    assert values(write(tmp_path / "empty.json", b"")) == [b""]
    assert values(write(tmp_path / "huge.json", b'["' + b"x" * 100 + b'", 1]'), limit=10) == [b'"' + b"x" * 10, b"1"]


def test_reading_an_array_can_stop_half_way(tmp_path: Path) -> None:
    records = read_files([write(tmp_path / "many.json", b"[1, 2, 3]")], now_ms=1)
    assert next(records).value == b"1"
    records.close()  # type: ignore[attr-defined]


def test_a_body_has_its_headers_beside_it(tmp_path: Path) -> None:
    page = write(tmp_path / "page.html", b"<p>x</p>")
    write(
        tmp_path / "page.html.headers",
        b"url: https://example.org/a:b\nFetched_at : 2026-11-20T10:00:00Z\n\nno colon here\n",
    )
    (record,) = read_files([page])
    assert record.headers == (
        ("content-type", b"text/html"),
        ("url", b"https://example.org/a:b"),
        ("fetched_at", b"2026-11-20T10:00:00Z"),
    )
    assert record.timestamp_ms == 1_795_168_800_000


def test_a_body_without_headers_is_named_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in" / "a.txt", b"text")
    os.utime(tmp_path / "in" / "a.txt", ns=(0, 7_000_000))
    (record,) = read_files(["in/a.txt"])
    assert record.headers == (("content-type", b"text/plain"), ("id", b"in/a.txt"))
    assert record.timestamp_ms == 7


def test_a_stated_time_wins_over_now(tmp_path: Path) -> None:
    write(tmp_path / "a.txt.headers", b"fetched_at: 2026-11-20T10:00:00Z")
    (record,) = read_files([write(tmp_path / "a.txt", b"text")], now_ms=3)
    assert record.timestamp_ms == 1_795_168_800_000


def test_a_line_has_the_time_it_states_or_else_now(tmp_path: Path) -> None:
    lines = (
        b'{"fetched_at": "2026-11-20T10:00:00Z"}\n{"fetched_at": 7}\n{"fetched_at": "soon"}\n{}\n[]\n'
        + b"[" * 5000
        + b'\n{"fetched_at": "1950-01-01T00:00:00Z"}\n'
    )
    records = read_files([write(tmp_path / "a.jsonl", lines)], now_ms=3)
    assert [record.timestamp_ms for record in records] == [1_795_168_800_000, 3, 3, 3, 3, 3, 3]


def test_an_unreadable_stated_time_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"text")
    write(tmp_path / "a.txt.headers", b"fetched_at: yesterday")
    os.utime(path, ns=(0, 9_000_000))
    (record,) = read_files([path])
    assert record.timestamp_ms == 9


def test_a_directory_is_read_in_order_of_path(tmp_path: Path) -> None:
    for name in ("b/2.txt", "b/1.html", "a.jsonl", ".git/x.txt", "c/.hidden.txt", "README.md", "b/1.html.headers"):
        write(tmp_path / name, b"x\n")
    assert find_files([tmp_path]) == [str(tmp_path / name) for name in ("a.jsonl", "b/1.html", "b/2.txt")]


def test_offsets_run_over_all_inputs(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.jsonl", b"1\n2\n"), write(tmp_path / "b.jsonl", b"3\n")
    places: list[Record] = list(read_files([second, first], now_ms=1))
    assert [(record.offset, record.value) for record in places] == [(0, b"3"), (1, b"1"), (2, b"2")]


@pytest.mark.parametrize(
    ("paths", "complaint"),
    [
        (["nope.jsonl"], "no such file"),
        (["a.doc"], "unknown kind"),
        (["-", "-"], "once"),
        (["a.csv.gz"], "unknown kind"),
    ],
)
def test_wrong_paths_are_the_users_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.doc", b"")
    write(tmp_path / "a.csv.gz", b"")
    with pytest.raises(InputError, match=complaint):
        find_files(paths)


def test_standard_input_is_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(LINES))
    monkeypatch.setattr(sys, "stdin", stream)
    assert values("-") == VALUES


def test_standard_input_needs_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="no modification time"):
        list(read_files(["-"]))
