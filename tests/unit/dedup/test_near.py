"""Near-duplicates and related articles, with signatures of generated texts."""

import random
from typing import Any

import numpy as np
import pytest

from pipeline.dedup.fold import Fold, FoldParams
from pipeline.dedup.near import coverage, similarity
from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature, Void
from pipeline.domain.verdict import Verdict

HOUR_MS = 3600 * 1000
_SYLLABLES = ("ka", "lo", "mi", "ren", "sta", "vu", "dor", "pel", "ti", "nas", "go", "ber")


def words(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(_SYLLABLES, k=rng.randint(1, 4))) for _ in range(count)]


def state(fold: Fold) -> bytes:
    return b"".join(fold.snapshot())


class Log:
    """Signs texts and folds the signatures."""

    def __init__(self) -> None:
        self.fold = Fold()
        self._offset = 0

    def signature(self, article: str, body: list[str], *, at: int = 0, source: str | None = None) -> Signature:
        self._offset += 1
        item = SigningInput(
            article_id=ArticleId(article),
            origin=Origin("", 0, self._offset),
            headline=f"Headline of {article}",
            body=" ".join(body),
            source=source if source is not None else f"{article}.example",
            ingested_at_ms=at,
            observed_at_ms=at,
        )
        return sign([item])[0]

    def add(self, article: str, body: list[str], *, at: int = 0, source: str | None = None) -> Verdict:
        verdict = self.fold.apply(self.signature(article, body, at=at, source=source), at)
        assert verdict is not None
        return verdict


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_copy_with_a_few_other_words_is_near(log: Log) -> None:
    text = words(1, 400)
    log.add("a", text, at=7)
    verdict = log.add("b", [*text[:200], "otherwise", *text[201:]], at=8)
    assert (verdict.kind, verdict.method, verdict.canonical_id, verdict.cluster_id) == ("near", "minhash", "a", "c-a")
    assert verdict.score is not None
    assert verdict.threshold is not None
    assert verdict.score >= verdict.threshold
    assert (verdict.window_secs, verdict.matched_id, verdict.canonical_at_ms) == (72 * 3600, "a", 7)
    assert (verdict.syndicated, verdict.matched_source) == (True, "a.example")


def test_half_of_an_article_is_near(log: Log) -> None:
    text = words(2, 500)
    log.add("a", text)
    assert log.add("b", text[:250]).kind == "near"


def test_an_article_with_boilerplate_added_is_near(log: Log) -> None:
    text = words(3, 300)
    log.add("a", text)
    assert log.add("b", words(4, 40) + text + words(5, 60)).kind == "near"


def test_other_texts_are_unique(log: Log) -> None:
    for seed in range(30):
        assert log.add(f"a{seed}", words(seed, 300)).kind == "unique"


def test_a_long_quotation_makes_articles_related_and_both_pass(log: Log) -> None:
    shared = words(101, 160)
    log.add("a", words(1101, 240) + shared)
    verdict = log.add("b", words(2101, 240) + shared)
    assert (verdict.kind, verdict.canonical_id, verdict.cluster_id) == ("related", "b", "c-a")
    assert (verdict.related, verdict.matched_id, verdict.passes) == (("a",), "a", True)


def test_copies_of_a_related_article_link_to_it_and_join_its_cluster(log: Log) -> None:
    shared = words(103, 160)
    log.add("a", words(1103, 240) + shared)
    log.add("b", words(2103, 240) + shared)
    verdict = log.add("c", words(2103, 240) + shared[:-1])
    assert (verdict.kind, verdict.canonical_id, verdict.cluster_id) == ("near", "b", "c-a")


def test_one_template_of_one_source_with_other_numbers_is_not_a_copy(log: Log) -> None:
    report = words(12, 200)
    log.add("a", [*report, "21"], source="weather.example")
    verdict = log.add("b", [*report, "17"], source="weather.example")
    assert (verdict.kind, verdict.related) == ("related", ("a",))
    assert log.add("c", [*report, "21", "indeed"], source="elsewhere.example").kind == "near"


@pytest.mark.parametrize(("own", "shared"), [(80, 120), (100, 100), (120, 100), (100, 80)])
def test_a_passage_that_many_share_holds_back_few(log: Log, own: int, shared: int) -> None:
    passage = words(999, shared)
    kinds = [log.add(f"a{number}", words(number, own) + passage).kind for number in range(60)]
    assert kinds.count("near") <= 3


def test_noisy_copies_of_one_article_are_not_taken_for_a_shared_passage(log: Log) -> None:
    text = words(30, 400)
    log.add("a", text)
    verdicts = []
    for number in range(8):
        rng = random.Random(number)
        noisy = [word if rng.random() < 0.87 else f"x{rng.random()}" for word in text]
        verdicts.append(log.add(f"b{number}", noisy))
    found = [
        verdict for verdict in verdicts if verdict.kind != "unique"
    ]  # about one in twelve has no band in common with the original
    assert len(found) >= 6
    assert {(verdict.kind, verdict.canonical_id) for verdict in found} == {("near", "a")}


@pytest.mark.parametrize("more", [30, 60, 120, 210])
def test_a_longer_version_at_the_same_source_is_a_separate_article(log: Log, more: int) -> None:
    text = words(31, 300)
    log.add("a", text, source="s")
    assert log.add("b", text + words(32, more), source="s").kind == "related"
    assert log.add("c", text + words(32, more), source="t").kind == "exact"
    assert log.add("d", [*text[:100], "typo", *text[101:]], source="s").canonical_id == "a"


def test_short_texts_are_never_near_duplicates(log: Log) -> None:
    text = words(13, 30)
    log.add("a", text)
    assert log.add("b", text[:-1]).kind == "unique"


def test_links_go_to_the_canonical_not_to_its_copies(log: Log) -> None:
    text = words(14, 400)
    log.add("a", text)
    log.add("b", text[:-20])
    assert log.add("c", text[:-21]).canonical_id == "a"


def test_near_duplicates_expire_before_exact_ones(log: Log) -> None:
    text = words(15, 400)
    log.add("a", text)
    assert log.add("b", text[:-1], at=72 * HOUR_MS).kind == "near"
    assert log.add("c", text[:-2], at=72 * HOUR_MS + 1).kind == "unique"
    assert log.add("d", text, at=73 * HOUR_MS).canonical_id == "a"


def test_retracted_and_voided_articles_have_no_copies(log: Log) -> None:
    text = words(16, 400)
    lost = log.signature("a", text)
    log.fold.apply(lost, 0)
    log.fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0)
    assert log.add("b", text[:-1]).kind == "unique"


def test_a_reused_url_is_a_new_article_with_a_flag(log: Log) -> None:
    log.add("a", words(19, 300))
    verdict = log.add("a", words(20, 300))
    assert (verdict.kind, verdict.revision, verdict.supersedes, verdict.flags) == ("unique", 2, None, ("reused_url",))
    assert verdict.cluster_id == "c-a-2"
    later = log.add("a", words(20, 300)[:-1])
    assert (later.kind, later.revision, later.supersedes, later.cluster_id) == ("revision", 3, 2, "c-a-2")


def test_a_url_reused_for_a_copy_is_held_back_and_leaves_what_was_published_under_it(log: Log) -> None:
    report, former = words(21, 300), words(22, 300)
    log.add("x", report)
    log.add("a", former)
    held = log.add("a", report)
    assert (held.kind, held.revision, held.canonical_id, held.flags) == ("exact", 2, "x", ("reused_url",))
    assert log.add("a", report).kind == "repeat"
    near = log.add("a", [*report[:200], "typo", *report[201:]])
    assert (near.kind, near.revision, near.canonical_id, near.flags) == ("near", 3, "x", ("reused_url",))
    copy = log.add("b", former)  # it is still published under `a`
    assert (copy.kind, copy.canonical_id, copy.cluster_id) == ("exact", "a", "c-a")


def test_a_url_reused_for_a_related_article_joins_its_cluster(log: Log) -> None:
    report = words(23, 300)
    log.add("x", report)
    log.add("a", words(24, 300))
    verdict = log.add("a", report[:180] + words(29, 250))
    assert (verdict.kind, verdict.revision, verdict.cluster_id) == ("related", 2, "c-x")
    assert verdict.flags == ("reused_url",)


def test_what_was_under_a_url_before_has_no_copies_once_it_is_reused(log: Log) -> None:
    former, new = words(26, 300), words(27, 300)
    log.add("a", former)
    reused = log.signature("a", new)
    log.fold.apply(reused, 0)
    copied = log.add("b", former)
    assert (copied.kind, copied.canonical_id) == ("unique", "b")
    assert log.add("c", new).cluster_id == "c-a-2"
    log.fold.apply(Void(article_id=reused.article_id, origin=reused.origin), 0)
    assert log.add("d", former).canonical_id == "a"  # it is the published version again


def test_a_snapshot_decides_as_its_fold(log: Log) -> None:
    for seed in range(40):
        log.add(f"a{seed}", words(seed % 25, 200 + seed), at=seed * HOUR_MS * 4)
    restored = Fold().restored(state(log.fold))
    assert state(restored) == state(log.fold)
    for seed in range(40):
        signature = log.signature(f"b{seed}", words(seed, 210), at=170 * HOUR_MS)
        assert restored.apply(signature, 170 * HOUR_MS) == log.fold.apply(signature, 170 * HOUR_MS)


def test_a_damaged_snapshot_or_one_of_other_parameters_is_refused(log: Log) -> None:
    log.add("a", words(1, 100))
    data = state(log.fold)
    for bad in (b"", data[:-1], data[:50] + b"!" + data[51:], data + b" "):
        with pytest.raises(ValueError, match="damaged"):
            Fold().restored(bad)
    with pytest.raises(ValueError, match="other parameters"):
        Fold(FoldParams(near_window_secs=60)).restored(data)


def _crowd(templates: int) -> list[Signature]:
    """Return articles of which two in three share a passage: 12 of 128 values, so four bands."""
    rng = np.random.default_rng(1)
    values = rng.integers(0, 65536, (600, 128), dtype=np.uint16)
    values[: 200 * templates, :12] = 7
    rng.shuffle(values)
    return [
        Signature(
            version=1,
            article_id=ArticleId(f"{number:032x}"),
            origin=Origin("", 0, number),
            content_hash=number.to_bytes(16, "big"),
            text_hash=number.to_bytes(16, "big"),
            sketch=row.astype("<u2").tobytes(),
            shingles=400,
            ingested_at_ms=number,
            observed_at_ms=number,
        )
        for number, row in enumerate(values)
    ]


@pytest.mark.parametrize("batch", [1, 7, 50, 600])
def test_crowded_bands_are_cut_short_and_counted_alike_for_any_batches(batch: int) -> None:
    crowd = [(signature, signature.ingested_at_ms) for signature in _crowd(2)]
    params = FoldParams(related_from=0.08)  # a shared passage alone is related here, so that every match shows
    one, many = Fold(params), Fold(params)
    expected = [one.apply(*entry) for entry in crowd]
    found = []
    for start in range(0, len(crowd), batch):
        found += list(many.apply_all(crowd[start : start + batch]))
    assert found == expected
    assert state(one) == state(many)
    restored = Fold(params).restored(state(many))
    assert list(restored.apply_all(crowd[:20])) == expected[:20]
    assert one.stats().capped == many.stats().capped > 0
    assert sum(verdict.kind == "related" for verdict in expected if verdict is not None) > 300


def test_only_the_newest_of_a_crowded_band_are_compared() -> None:
    crowd = [(signature, 0) for signature in _crowd(3)]
    fold = Fold()
    list(fold.apply_all(crowd[:100]))
    few = fold.stats().compared
    list(fold.apply_all(crowd[100:]))
    assert fold.stats().compared - few < 500 * (4 * 32 + 40)


@pytest.mark.parametrize(("agreeing", "kind"), [(15, "unique"), (16, "related")])
def test_related_articles_reach_the_threshold_in_the_verdict(agreeing: int, kind: str) -> None:
    def signature(article: str, sketch: np.ndarray[Any, np.dtype[np.uint16]]) -> Signature:
        return Signature(
            version=1,
            article_id=ArticleId(article),
            origin=Origin("", 0, ord(article)),
            content_hash=article.encode() * 16,
            text_hash=article.encode() * 16,
            sketch=sketch.astype("<u2").tobytes(),
            shingles=300,
            ingested_at_ms=0,
            observed_at_ms=0,
        )

    one, other = np.zeros(128, dtype=np.uint16), np.ones(128, dtype=np.uint16)
    other[:agreeing] = 0
    fold = Fold()
    fold.apply(signature("a", one), 0)
    verdict = fold.apply(signature("b", other), 0)
    assert verdict is not None
    assert verdict.kind == kind
    assert verdict.score is None or verdict.threshold is None or verdict.score >= verdict.threshold


def test_estimates() -> None:
    assert (similarity(128), similarity(0)) == (1.0, 0.0)
    assert 0.49 < similarity(64) < 0.51
    assert coverage(0.5, 100, 200) == 1.0
    assert coverage(0.5, 200, 100) == 0.5
    assert coverage(1.0, 0, 10) == 0.0


def _of_values(article: str, values: list[int], shingles: int) -> Signature:
    return Signature(
        version=1,
        article_id=ArticleId(article),
        origin=Origin("", 0, ord(article)),
        content_hash=article.encode() * 16,
        text_hash=article.encode() * 16,
        source=f"{article}.example",
        sketch=np.array(values, dtype="<u2").tobytes(),
        shingles=shingles,
        ingested_at_ms=0,
        observed_at_ms=0,
    )


def test_a_text_within_a_much_longer_one_is_no_copy_because_the_estimate_is_too_rough() -> None:
    fold = Fold()
    fold.apply(_of_values("a", [0] * 128, 400), 0)
    verdict = fold.apply(_of_values("b", [0] * 20 + [1] * 108, 60), 0)
    assert verdict is not None
    assert (verdict.kind, verdict.matched_id) == ("related", "a")
    assert verdict.score is not None
    assert verdict.score < FoldParams().near_least < FoldParams().near_from < coverage(verdict.score, 60, 400)


def test_of_equally_similar_articles_the_oldest_is_matched() -> None:
    fold = Fold()
    fold.apply(_of_values("a", [0] * 128, 300), 0)
    fold.apply(_of_values("b", [1] * 128, 300), 0)
    verdict = fold.apply(_of_values("c", [0] * 20 + [1] * 20 + [2] * 88, 300), 0)
    assert verdict is not None
    assert (verdict.kind, verdict.matched_id, verdict.cluster_id, verdict.related) == (
        "related",
        "a",
        "c-a",
        ("a", "b"),
    )


def test_the_article_that_contains_most_of_a_text_is_the_canonical_one() -> None:
    fold = Fold()
    fold.apply(_of_values("a", [0] * 128, 300), 0)
    fold.apply(_of_values("b", [1] * 128, 1000), 0)  # less similar, because it is longer, but contains all of the text
    verdict = fold.apply(_of_values("c", [0] * 50 + [1] * 40 + [2] * 38, 300), 0)
    assert verdict is not None
    assert (verdict.kind, verdict.canonical_id) == ("near", "b")
