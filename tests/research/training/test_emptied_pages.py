"""Pages whose article was taken out."""

import numpy as np
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.segments import cut_segments
from pipeline_research.training.emptied_pages import emptied_page

HTML = (
    "<html><head><meta property='og:title' content='Pier'></head><body><p>Menu</p><div><p>First.</p>"
    "<ul><li>Second.</li></ul></div><div><p>Third.</p><p>Footer</p></div></body></html>"
)
INSIDE = np.array([False, True, True, True, False])


def test_what_is_around_the_article_stays() -> None:
    pages = {emptied_page(f"page{number}", HTML, INSIDE) for number in range(60)}
    made = [page for page in pages if page is not None]
    assert None in pages
    assert sorted("og:title" in page for page in made) == [False, True]
    for page in made:
        texts = [segment.text for segment in cut_segments(LexborHTMLParser(page)).segments]
        assert texts == ["Menu", "Footer"]
