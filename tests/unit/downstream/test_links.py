"""What of a stranger's text may be shown and linked."""

import pytest

from pipeline.downstream.links import link_to, shown


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>1</script>",
        " https://a.example/",
        "https://a.example/\nx",
        "https://user:secret@a.example/",
        "https://a.example\\@b.example/",
        "//a.example/x",
        "/local",
        "https:///x",
        "http://[::1",
        "https://a.example/\u202egpj.exe",
        "https://a.example/" + "x" * 3000,
        None,
        7,
    ],
)
def test_only_plain_web_addresses_are_linked(url: object) -> None:
    assert link_to(url) is None


@pytest.mark.parametrize("url", ["https://a.example/x?y=1&z=2#t", "http://a.example:8080/", "https://é.example/ü"])
def test_web_addresses_are_linked_as_they_are(url: str) -> None:
    assert link_to(url) == url


def test_controls_are_not_shown_and_joiners_are() -> None:
    assert shown("a\u202eb\u2066c\x00d\x1be\u200f\ufeff", 50) == "abcde"
    assert shown("می\u200cخواهم", 50) == "می\u200cخواهم"


def test_a_long_text_is_cut_before_a_word() -> None:
    assert shown("one two three", 12) == "one two…"
    assert shown("x" * 1_000_000, 10) == "x" * 9 + "…"
    assert shown("one two", 7) == "one two"
