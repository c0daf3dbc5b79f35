"""What withdrawals are bound to where principals count, from the header to the verdict."""

import orjson
import pytest

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit
from pipeline.domain.record import Headers, Record
from pipeline.domain.verdict import Verdict
from pipeline.stages.ingest import IngestParams, IngestStage
from pipeline.wire.principals import PRINCIPAL, bound_to

NOW = 1_772_600_000_000
HARBOUR: Headers = ((PRINCIPAL, b"http:harbour"),)
OTHER: Headers = ((PRINCIPAL, b"http:other"),)


@pytest.mark.parametrize(
    ("headers", "source", "bound"),
    [
        ((), None, ""),
        ((), "desk", "desk"),
        (HARBOUR, "desk", " http:harbour"),
        ((("Principal", b"http:harbour"),), None, " http:harbour"),
        ((*OTHER, *HARBOUR), None, " http:harbour"),
    ],
)
def test_a_principal_counts_before_a_source(headers: Headers, source: str | None, bound: str) -> None:
    assert bound_to(headers, source, 200) == bound


@pytest.mark.parametrize("value", [b"\xff\xfe", b"x" * 201, b"", b"a\nb", None])
def test_a_name_that_is_none_binds_all_the_same(value: bytes | None) -> None:
    found = bound_to(((PRINCIPAL, value),), "desk", 200)
    assert found.startswith(" ")
    assert len(found) == 33
    assert found != bound_to(((PRINCIPAL, b"y" * 201),), "desk", 200)


class Pipeline:
    """`ingest` and the fold."""

    def __init__(self, *, binds: bool = True) -> None:
        self.ingest = IngestStage(IngestParams(binds_principals=binds))
        self.fold = Fold(FOLD_VERSIONS[max(FOLD_VERSIONS)])
        self.offset = 0

    def send(self, headers: Headers, source: str = "gazette", **fields: str) -> Verdict:
        self.offset += 1
        value = orjson.dumps({"url": "https://gazette.example/1", "source": source, **fields})
        (outcome,) = self.ingest.process([Record("raw", 0, self.offset, NOW + self.offset, b"k", value, headers)])
        assert isinstance(outcome, Emit)
        assert isinstance(outcome.value, Article)
        verdict = self.fold.apply(outcome.value.signature, NOW + self.offset)
        assert verdict is not None
        return verdict


def kinds(pipeline: Pipeline, published: Headers, *retractions: tuple[Headers, str]) -> list[str]:
    pipeline.send(published, text="The harbour board has voted on the pilot station.")
    found = [pipeline.send(headers, source, action="retract") for headers, source in retractions]
    assert all(one.flags == ("other_source",) for one in found if one.kind == "refused_retraction")
    return [one.kind for one in found]


def test_only_the_principal_that_published_an_article_withdraws_it() -> None:
    tries = ((OTHER, "gazette"), ((), "gazette"), ((), "http:harbour"), ((), " http:harbour"), (HARBOUR, "another"))
    assert kinds(Pipeline(), HARBOUR, *tries) == ["refused_retraction"] * 4 + ["retraction"]


def test_without_a_principal_the_source_counts_and_no_principal_has_rights() -> None:
    tries = ((HARBOUR, "gazette"), ((), "other"), ((), "gazette"))
    assert kinds(Pipeline(), (), *tries) == ["refused_retraction"] * 2 + ["retraction"]


def test_where_the_operator_has_not_said_so_a_header_means_nothing() -> None:
    assert kinds(Pipeline(binds=False), HARBOUR, (OTHER, "gazette")) == ["retraction"]


def test_a_version_of_another_principal_has_the_flag_of_another_source() -> None:
    pipeline = Pipeline()
    pipeline.send(HARBOUR, text="The harbour board has voted on the pilot station.")
    changed = pipeline.send(OTHER, text="The harbour board has voted against the pilot station, after all.")
    assert changed.flags == ("other_source",)
