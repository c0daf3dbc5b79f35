"""Archives: every record once, on behind damage, and from any record on."""

import gzip
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest

from pipeline.sources.warc.archive import Archive, Damage
from pipeline.sources.warc.pages import CutRecordError, Page, page_of
from pipeline.sources.warc.params import WarcParams
from pipeline.sources.warc.positions import START, Position, find_record
from tests.harness.warc_files import archive, page, record

SHARED = Path(__file__).parents[4].parent / "shared" / "data" / "raw" / "warc_warcio"
both = pytest.mark.parametrize("is_gzip", [False, True], ids=["plain", "gzip"])


def read(data: bytes, start: Position = START, max_damages: int = 100) -> list[tuple[str, Position]]:
    """Return what became of each record: the address of a page, a reason, or `damaged`; and where it goes on."""
    limits = WarcParams(max_damages=max_damages)
    found = Archive(BytesIO(data), limits, start)
    seen = []
    for item in found:
        if isinstance(item, Damage):
            seen.append(("given up" if item.ended else "damaged", item.after))
            continue
        with suppress(CutRecordError):
            made = page_of(item.record, limits)
            seen.append((_number(made) if isinstance(made, Page) else made, item.after))
    return seen


def _number(page: Page) -> str:
    return (dict(page.headers)["url"] or b"").decode()[-1:]


def names(data: bytes, max_damages: int = 100) -> list[str]:
    return [name for name, _ in read(data, max_damages=max_damages)]


@both
def test_reading_continues_after_every_record(is_gzip: bool) -> None:
    data = archive(
        record(b"", kind="warcinfo"), page(1), record(b"x", kind="request"), page(2), page(3), is_gzip=is_gzip
    )
    whole = read(data)
    assert [name for name, _ in whole] == ["record_type", "1", "record_type", "2", "3"]
    for number, (_, after) in enumerate(whole):
        assert read(data, after) == whole[number + 1 :]


def test_an_archive_in_one_gzip_member_is_continued_by_counting() -> None:
    data = gzip.compress(archive(page(1), page(2), page(3), is_gzip=False))
    whole = read(data)
    assert [name for name, _ in whole] == ["1", "2", "3"]
    assert [name for name, _ in read(data, whole[1][1])] == ["3"]


BROKEN = {
    "states too much": page(9, states=5000),
    "states far too much": page(9, states=10**9),
    "states too little": page(9, states=90),
    "states nonsense": page(9, states="ten"),
    "states a negative length": page(9, states=-5),
    "states a number beyond all memory": page(9, states=10**30),
    "huge header of the record": page(9, headers=f"X: {'a' * 5_000_000}\r\n"),
    "a million headers": page(9, headers="X: a\r\n" * 1_000_000),
    "no record at all": b"\x00garbage\r\n" * 50,
}


@both
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_record_costs_itself_alone(is_gzip: bool, broken: bytes) -> None:
    seen = names(archive(page(1), broken, page(2), page(3), is_gzip=is_gzip))
    assert [name for name in seen if name in "123"] == ["1", "2", "3"]
    assert "damaged" in seen


def test_a_damaged_member_costs_itself_alone() -> None:
    whole = gzip.compress(page(9, body=bytes(range(256)) * 40))
    for broken in (whole[:-40], whole[:60] + b"\0" * 30 + whole[90:], whole[:40]):
        seen = names(archive(page(1), is_gzip=True) + broken + archive(page(2), page(3), is_gzip=True))
        assert [name for name in seen if name in "123"] == ["1", "2", "3"]
        assert "damaged" in seen


@both
def test_a_cut_file_ends_with_damage(is_gzip: bool) -> None:
    data = archive(page(1), page(2), is_gzip=is_gzip)
    assert names(data[:-60]) == ["1", "given up"]


def test_a_file_that_is_no_archive_is_given_up_at_once() -> None:
    for data in (b"PK\x03\x04" + b"a" * 100_000, b"\x1f\x8b\x08" + b"a" * 100, b"<html>" * 1000):
        assert names(data) == ["given up"]
    assert names(b"") == []


def test_damage_has_an_end() -> None:
    data = archive(*[page(9, states=10**6) for _ in range(50)], page(1), is_gzip=False)
    seen = names(data, max_damages=5)
    assert seen == ["damaged"] * 4 + ["given up"]


def test_a_bomb_is_skipped_without_being_held() -> None:
    bomb = gzip.compress(page(9, body=b"\0" * 30_000_000), compresslevel=1)
    seen = names(gzip.compress(page(1)) + bomb + gzip.compress(page(2)))
    assert seen == ["1", "too_large", "2"]


def test_records_are_searched_across_blocks() -> None:
    filler = b"a" * ((1 << 20) - 7)
    assert find_record(BytesIO(filler + b"\n" + page(1)), 5) == len(filler) + 1
    assert find_record(BytesIO(gzip.compress(page(1)) + b"\x1f\x8b\x08" + b"x" * 50), 3) is None


@pytest.mark.skipif(not SHARED.is_dir(), reason="the sample archives are not here")
def test_samples_of_other_writers_are_read() -> None:
    seen = {path.name: names(path.read_bytes()) for path in sorted(SHARED.iterdir())}
    assert seen["example.warc"] == seen["example.warc.gz"] == seen["example-bad-non-chunked.warc.gz"]
    assert len([name for name in seen["example.warc"] if name not in {"record_type", "damaged"}]) == 1
    assert seen["example-trunc.warc"][-2:] == ["damaged", "record_type"]
    assert seen["example-wrong-chunks.warc.gz"][0] not in {"damaged", "http"}
    assert all(found == ["given up"] for name, found in seen.items() if "arc" in name and "warc" not in name)
