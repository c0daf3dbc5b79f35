"""Genres by type, label, address, mark and line."""

import pytest

from pipeline.domain.genre import GENRE_CODES, GenreEvidence, GenreName
from pipeline.text.genres import GenreInput, find_genre


@pytest.mark.parametrize(
    ("given", "name", "evidence"),
    [
        (GenreInput(types=["NewsArticle", "OpinionNewsArticle"]), "opinion", "json-ld"),
        (GenreInput(labels=["News/Opinion"]), "opinion", "label"),
        (GenreInput(url="https://a.example/interviews/x"), "interview", "url"),
        (GenreInput(url="https://a.example/x-liveticker-y.html"), "live", "url"),
        (GenreInput(headline="【インタビュー】船をつくる人"), "interview", "headline"),
        (GenreInput(headline="Why it failed - analysis"), "analysis", "headline"),
        (GenreInput(title="The dock | Opinion | Gazette"), "opinion", "headline"),
        (GenreInput(text="OSLO, 4 March /PRNewswire/ -- A dock."), "press_release", "text"),
    ],
)
def test_a_genre_is_found_with_its_evidence(given: GenreInput, name: GenreName, evidence: GenreEvidence) -> None:
    genre = find_genre(given)
    assert genre is not None
    assert (genre.name, genre.evidence, genre.code) == (name, evidence, GENRE_CODES[name])


@pytest.mark.parametrize(
    "given",
    [
        GenreInput(),
        GenreInput(url="https://a.example/opinion"),
        GenreInput(url="https://[broken/opinion/x"),
        GenreInput(url="https://a.example/politics/opinion-polls"),
        GenreInput(headline="Live music returns"),
        GenreInput(headline="Opinion"),
        GenreInput(labels=["Live"], headline="A band on tour"),
        GenreInput(text="x" * 400 + " /PRNewswire/ -- "),
    ],
)
def test_nothing_is_guessed(given: GenreInput) -> None:
    assert find_genre(given) is None


def test_the_surest_evidence_decides() -> None:
    genre = find_genre(GenreInput(types=["LiveBlogPosting"], labels=["Opinion"], headline="Review: a film"))
    assert genre is not None
    assert genre.name == "live"
