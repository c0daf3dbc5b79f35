"""Values to encode: decoded from the published examples."""

from pathlib import Path

import pytest

from pipeline.domain.article import Article, Event, Versions
from pipeline.domain.events import duplicate_event
from pipeline.domain.outcome import Emit
from pipeline.stages.publish import PublishStage
from pipeline.wire.catalogue import Catalogue, load_catalogue
from pipeline.wire.codec import decode_article

_EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples" / "valid" / "news.article.internal.v1"


@pytest.fixture
def article() -> Article:
    """An article that has passed every stage but publish."""
    return decode_article((_EXAMPLES / "classified.json").read_bytes())


@pytest.fixture
def event(article: Article) -> Event:
    """The event it ends as."""
    (outcome,) = PublishStage(Versions(pipeline="9.9.9")).process([article])
    assert isinstance(outcome, Emit)
    return outcome.value


@pytest.fixture
def duplicate(article: Article) -> Event:
    """The event it would be if dedupe had held it back."""
    assert article.verdict is not None
    return duplicate_event(article, article.verdict, Versions(pipeline="9.9.9"))


@pytest.fixture
def catalogue() -> Catalogue:
    """The catalogue of this installation, without a prefix."""
    return load_catalogue()
