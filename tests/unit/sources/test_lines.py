import io

from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.lines import bounded_lines


@given(data=st.binary(max_size=200) | st.text("ab\n", max_size=200).map(str.encode), limit=st.integers(0, 20))
def test_no_byte_is_lost_but_those_over_the_limit(data: bytes, limit: int) -> None:
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    found = list(bounded_lines(io.BytesIO(data), limit))
    assert [size for _, size in found] == [len(line) for line in lines]
    assert [value for value, _ in found] == [line if len(line) <= limit else line[: limit + 1] for line in lines]
