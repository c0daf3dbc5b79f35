"""Names as bylines write them."""

import pytest

from pipeline.text.authors import clean_authors


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("emma-mackenzie", ["Emma Mackenzie"]),
        ("jean-luc-martin", ["Jean Luc Martin"]),
        ("Emma.Mackenzie", ["Emma Mackenzie"]),
        ("dpa-infocom", ["dpa-infocom"]),
        ("weirpost.be", ["weirpost.be"]),
        ("Jean-Pierre", ["Jean-Pierre"]),
        ("Mackenzie, Emma", ["Emma Mackenzie"]),
        ("Mackenzie, Emma Louise", ["Emma Louise Mackenzie"]),
        ("van der Berg, Jan", ["Jan van der Berg"]),
        ("Emma Mackenzie, Ben Li", ["Emma Mackenzie", "Ben Li"]),
        ("Emma Mackenzie, Jr.", ["Emma Mackenzie Jr"]),
        ("Okafor, Li und Weber", ["Okafor", "Li", "Weber"]),
        ("Emma Mackenzie, London", ["Emma Mackenzie"]),
        ("By Emma Mackenzie in London", ["Emma Mackenzie"]),
        ("Emma Mackenzie reporting from Port Selwyn", ["Emma Mackenzie"]),
        ("Reuters, London", ["Reuters"]),
        ("AFP, Reuters", ["AFP", "Reuters"]),
        ("Emma Mackenzie, AFP", ["Emma Mackenzie", "AFP"]),
        ("Emma Mackenzie 42", ["Emma Mackenzie"]),
        ("Emma Mackenzie, 42 years", ["Emma Mackenzie"]),
        ("Emma Mackenzie (42)", ["Emma Mackenzie"]),
        ("Emma Mackenzie 14 March 2026", ["Emma Mackenzie"]),
        ("Emma Mackenzie Mar 14, 2026", ["Emma Mackenzie"]),
        ("Emma Mackenzie Email the author", ["Emma Mackenzie"]),
    ],
)
def test_names(byline: str, names: list[str]) -> None:
    assert [author.name for author in clean_authors([(byline, None)], 10)] == names


def test_spellings_of_one_name_are_one_author() -> None:
    spellings = ["Emma Mackenzie", "Mackenzie, Emma", "emma-mackenzie", "EMMA MACKENZIE"]
    assert [author.name for author in clean_authors([(name, None) for name in spellings], 10)] == ["Emma Mackenzie"]
