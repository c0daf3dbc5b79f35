"""Which of a page's titles is the headline."""

import pytest

from pipeline.text.titles import choose_title

STORY = "Weir closed for repairs"


@pytest.mark.parametrize(
    ("stated", "element", "headlines", "names"),
    [
        ([STORY], f"{STORY} | Harbour Post of Port Selwyn", ["Harbour Post of Port Selwyn"], []),
        ([STORY], f"Harbour Post of Selwyn: {STORY}", ["Harbour Post of Selwyn", STORY], []),
        ([STORY], f"{STORY} - Port Selwyn News", ["Port Selwyn News"], ["selwyn.example"]),
        (["Harbour Post", STORY], "Harbour Post", [], ["Harbour Post"]),
        (["Harbour Post"], "Harbour Post", [STORY], ["Harbour Post"]),
        (["Harbour Post"], f"{STORY} | Harbour Post", ["Harbour Post"], ["Harbour Post"]),
        ([STORY], f"{STORY} | Harbour Post", [STORY], ["Harbour Post"]),
    ],
)
def test_the_sites_name_is_no_headline(stated: list[str], element: str, headlines: list[str], names: list[str]) -> None:
    assert choose_title(stated, element, headlines, names) == STORY


def test_a_heading_is_worded_as_in_one_of_the_titles() -> None:
    assert choose_title(["Weir closed"], f"{STORY} | Harbour Post", [STORY], []) == STORY
