"""Countries of publishers."""

import pytest

from pipeline.text.countries import publisher_country


@pytest.mark.parametrize(
    ("domain", "stated", "country"),
    [
        ("post.example.no", None, "NO"),
        ("post.co.uk", None, "GB"),
        ("post.com.br", None, "BR"),
        ("post.it", None, "IT"),
        ("post.com", None, None),
        ("post.tv", None, None),
        ("post.io", None, None),
        ("post.eu", None, None),
        ("post.com", "de", "DE"),
        ("post.ch", "LI", "LI"),
        ("post.ch", "Liechtenstein", "CH"),
        ("post.рф", None, None),
        ("127.0.0.12", None, None),
        (None, None, None),
    ],
)
def test_the_country_is_stated_or_that_of_the_domain(
    domain: str | None, stated: str | None, country: str | None
) -> None:
    assert publisher_country(domain, stated) == country
