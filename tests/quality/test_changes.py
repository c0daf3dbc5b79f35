"""What the fold says about revisions, on pairs of versions in twelve languages that were written for the project."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict
from pipeline.text.facts.article_facts import article_facts

_TABLE = orjson.loads((Path(__file__).parent / "changes.json").read_bytes())["languages"]


def _cases() -> Iterator[Any]:
    for language, entry in _TABLE.items():
        for case in entry["cases"]:
            yield pytest.param(entry, case, id=f"{language}: {case['what']}")


def _signature(headline: str, paragraphs: list[str], offset: int) -> Signature:
    (signature,) = sign(
        [
            SigningInput(
                article_id=ArticleId("a"),
                origin=Origin("", 0, offset),
                headline=headline,
                body="\n\n".join(paragraphs),
                facts=article_facts(headline=headline, paragraphs=paragraphs),
                source="a.example",
                ingested_at_ms=offset,
                observed_at_ms=offset,
            )
        ]
    )
    return signature


def _revision(entry: dict[str, Any], case: dict[str, Any]) -> Verdict:
    body = entry["body"]
    for old, new in case["replace"]:
        assert old in body
        body = body.replace(old, new)
    fold = Fold(FOLD_VERSIONS[2])
    fold.apply(_signature(entry["headline"], [entry["body"]], 1), 1)
    paragraphs = [text for text in (case["first"], body, case["last"]) if text]
    verdict = fold.apply(_signature(case["headline"] or entry["headline"], paragraphs, 2), 2)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(("entry", "case"), list(_cases()))
def test_a_revision_says_what_changed(entry: dict[str, Any], case: dict[str, Any]) -> None:
    verdict = _revision(entry, case)
    assert verdict.kind == "revision"
    assert [change.part for change in verdict.changed] == case["changed"]
    assert list(verdict.change_labels) == case["labels"]


def test_the_table_is_as_large_as_it_says() -> None:
    assert len(_TABLE) >= 12
    assert sum(len(entry["cases"]) for entry in _TABLE.values()) >= 60
