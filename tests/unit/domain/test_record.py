"""Headers of a record."""

from pipeline.domain.record import Record


def test_the_last_header_of_a_name_counts_whatever_its_case() -> None:
    headers = (("Lang", b"en"), ("lang", b"fr"), ("LANG", None), ("odd", b"\xff"))
    record = Record("t", 0, 0, 0, None, b"", headers)
    assert (record.header("lANG"), record.header("odd"), record.header("none")) == ("fr", "\ufffd", None)
