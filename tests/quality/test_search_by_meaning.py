"""A translated headline finds the article, by the vectors of the shipped encoder. Texts and translations are ours."""

import base64
from pathlib import Path

import pytest

from pipeline.models.subjects.encoder import EncoderReader
from pipeline.models.subjects.reading import SubjectInput
from pipeline.search.index import SearchIndex
from pipeline.search.meaning import MeaningOfQueries
from pipeline.search.query import read_query
from pipeline.search.searching import Search
from pipeline.search.vectors import Vectors
from tests.harness.standing_records import ARTICLES, CLUSTERS, standing

TEXTS = {
    "ferry": (
        "Wooden ferry to be replaced by an electric boat",
        "The last wooden ferry on the sound gets a successor.",
    ),
    "quarry": ("Old quarry becomes a nature reserve", "Birds have nested in its walls for five summers."),
    "rates": ("Central bank raises interest rates again", "The bank said that prices were rising faster than wages."),
    "owl": ("Escaped owl caught on the roof of a bakery", "The baker lured it into his store with chicken."),
    "strike": ("Nurses vote to strike over night shifts", "Hospitals will treat emergencies only for two days."),
    "final": ("Late goal sends Rovers into the cup final", "The header came in the last minute of extra time."),
}
HEADLINES = [
    ("Une chouette échappée capturée sur le toit d'une boulangerie", "owl"),
    ("البنك المركزي يرفع أسعار الفائدة مجددا", "rates"),
    ("Krankenschwestern stimmen für Streik wegen Nachtschichten", "strike"),
    ("Una antigua cantera se convierte en reserva natural", "quarry"),
    ("Деревянный паром заменят электрическим судном", "ferry"),
    ("終盤のゴールでローバーズがカップ決勝へ", "final"),
]


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Search:
    meaning, encoder = MeaningOfQueries(), EncoderReader.load()
    index = SearchIndex(
        Path(tmp_path_factory.mktemp("search")) / "index", ARTICLES, CLUSTERS, Vectors(meaning.model, 100), 1000.0
    )
    index.restore({ARTICLES: b"1", CLUSTERS: b"2"})
    for name, (headline, body) in TEXTS.items():
        (reading,) = encoder.read([SubjectInput(headline, body)])
        assert reading is not None
        assert reading.vector is not None
        values = base64.b64encode(reading.vector).decode()
        index.apply([standing(name, headline, body, vector={"model": encoder.version, "values": values})])
    index.store({(ARTICLES, 0): len(TEXTS)}, caught_up=True)
    return Search(index, meaning)


@pytest.mark.parametrize(("headline", "expected"), HEADLINES, ids=[name for _, name in HEADLINES])
def test_a_translated_headline_finds_the_article_first(search: Search, headline: str, expected: str) -> None:
    stories = search.answer(read_query({"q": [headline]})).stories
    assert stories[0].article["id"] == expected
