"""What two versions' facts say about what changed, and what the fold makes of facts when it compares articles."""

import random
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.changes import changes_between, labels_of, words_changed, words_surely_changed
from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.dedup.signature.facts import Facts, unpack_facts
from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.changes import ArticleFacts, Change
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict

_SYLLABLES = ["".join(pair) for pair in product("bdfgklmnprst", "aeiou")]
WORDS = random.Random(1).sample(["".join(pair) for pair in product(_SYLLABLES, repeat=2)], k=400)
"""Words whose first four letters differ, by which texts are compared."""
Add = Callable[..., Verdict]


def signed(
    article: str, headline: str, body: str, source: str = "a.example", at: int = 0, **facts: object
) -> Signature:
    values = ArticleFacts(headline=headline, **facts)  # type: ignore[arg-type]
    (signature,) = sign(
        [
            SigningInput(
                article_id=ArticleId(article), origin=Origin("", 0, at), headline=headline, body=body, facts=values,
                source=source, ingested_at_ms=at, observed_at_ms=at,
            )
        ]
    )  # fmt: skip
    return signature


def facts_of(headline: str = "", body: str = "", **facts: object) -> Facts:
    found = unpack_facts(signed("a", headline, body, **facts).facts)  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.fixture
def add() -> Add:
    fold = Fold(FOLD_VERSIONS[2])
    count = 0

    def added(article: str, headline: str, body: str, source: str = "a.example", **facts: object) -> Verdict:
        nonlocal count
        count += 1
        verdict = fold.apply(signed(article, headline, body, source, count, **facts), count)
        assert verdict is not None
        return verdict

    return added


def changed(old: Facts, new: Facts) -> dict[str, tuple[int, int]]:
    found = changes_between(old, new, numbers_differ=False)
    return {change.part: (change.added, change.removed) for change in found}


def test_equal_versions_differ_in_nothing() -> None:
    facts = facts_of("One two", "Some words.", names=frozenset({"a"}), dates=frozenset({"monday"}))
    assert changed(facts, facts) == {}
    assert labels_of(facts, facts, (), is_reverted=False) == ("cosmetic",)


def test_words_of_a_headline_are_counted() -> None:
    old, new = facts_of("Chief found guilty of fraud"), facts_of("Chief cleared of fraud")
    assert changed(old, new) == {"headline": (1, 2)}
    assert changed(facts_of("Man bites dog"), facts_of("Dog bites man")) == {"headline": (0, 0)}


def test_each_fact_is_a_part_of_its_own() -> None:
    old = facts_of("A", "b", standfirst="one two", authors=frozenset({"kit"}), dates=frozenset({"monday"}))
    new = facts_of(
        "A", "b", standfirst="one three", authors=frozenset({"ann", "kit"}), dates=frozenset({"friday"}),
        names=frozenset({"millbrook"}), headline_negations=1, is_withdrawn=True,
    )  # fmt: skip
    assert changed(old, new) == {
        "standfirst": (1, 1),
        "names": (1, 0),
        "negation": (1, 0),
        "dates": (1, 1),
        "authors": (1, 0),
        "withdrawn_notice": (1, 0),
    }


def test_a_negation_that_moves_from_the_headline_to_the_text_is_seen() -> None:
    assert changed(facts_of(headline_negations=1), facts_of(body_negations=1)) == {"negation": (1, 1)}


def test_few_changed_words_are_counted_and_many_estimated() -> None:
    old = facts_of(body=" ".join(WORDS[:300]))
    few = facts_of(body=" ".join([*WORDS[:100], "other", *WORDS[101:300], "more"]))
    assert words_changed(old, few) == (2, 1)
    added, removed = words_changed(old, facts_of(body=" ".join(WORDS[:100] + WORDS[300:400])))
    assert added - removed == -100
    assert 50 <= added <= 160  # 100 are right
    assert words_changed(old, facts_of(body=" ".join(reversed(WORDS[:300])))) == (0, 0)


def test_only_a_new_note_states_a_correction() -> None:
    old, new = facts_of(corrections=("wrong sum",)), facts_of(corrections=("wrong sum", "wrong name"))
    assert labels_of(facts_of(), old, (), is_reverted=False) == ("correction",)
    assert labels_of(old, new, (), is_reverted=False) == ("correction",)
    assert labels_of(new, new, (Change(part="body"),), is_reverted=True) == ("reverted",)
    assert labels_of(new, facts_of(updates=("more",)), (Change(part="body"),), is_reverted=False) == ("update",)


@given(st.lists(st.sampled_from(WORDS[:60]), max_size=60), st.lists(st.sampled_from(WORDS[:60]), max_size=60))
def test_counts_have_the_right_difference_and_never_miss_a_change(old: list[str], new: list[str]) -> None:
    before, now = facts_of(body=" ".join(old)), facts_of(body=" ".join(new))
    found = changed(before, now)
    assert ("body" in found) == (old != new)
    added, removed = found.get("body", (0, 0))
    assert min(added, removed) >= 0
    if sorted(old) != sorted(new):
        assert added + removed > 0
    assert abs((added - removed) - (len(new) - len(old))) <= 1
    sure = words_surely_changed(before, now)
    assert sure[0] <= sum(
        (new.count(word) - old.count(word) > 0) * (new.count(word) - old.count(word)) for word in set(new)
    )


@given(st.binary(max_size=200))
def test_damaged_facts_count_as_none(data: bytes) -> None:
    found = unpack_facts(data)
    assert found is None or isinstance(found, Facts)


def test_facts_stay_small() -> None:
    signature = signed(
        "a", " ".join(WORDS), " ".join(WORDS), standfirst=" ".join(WORDS), names=frozenset(WORDS),
        dates=frozenset(WORDS), authors=frozenset(WORDS), corrections=tuple(WORDS), updates=tuple(WORDS),
    )  # fmt: skip
    assert len(signature.facts) <= 180
    assert 62 <= len(signed("a", "", "").facts) <= 70


TEXT = " ".join(WORDS[:200])
TITLE = " ".join(WORDS[:3])


def test_one_source_with_another_headline_is_no_copy(add: Add) -> None:
    add("a", f"{TITLE} stocks higher", TEXT)
    assert add("b", f"{TITLE} stocks lower", TEXT.replace(WORDS[7], WORDS[8])).cluster_id == "c-b"
    assert add("c", f"{TITLE} stocks higher", TEXT + " more").kind == "near"
    assert add("d", f"{TITLE} stocks higher | A", TEXT + " again").kind == "near"
    assert add("e", f"{TITLE} stocks not higher", TEXT + " twice", headline_negations=1).cluster_id == "c-e"


def test_another_source_may_change_the_headline(add: Add) -> None:
    add("a", f"{TITLE} stocks higher", TEXT)
    assert add("b", "Something else entirely", TEXT.replace(WORDS[7], WORDS[8]), "b.example").kind == "near"


def test_one_source_with_other_names_is_no_copy(add: Add) -> None:
    add("a", TITLE, TEXT, names=frozenset({"tanner", "robert"}))
    body = TEXT.replace(WORDS[50], "morrow")
    assert add("b", TITLE, body, names=frozenset({"morrow", "alice"})).cluster_id == "c-b"
    assert add("c", TITLE, TEXT + " more", names=frozenset({"tanner", "robert", "more"})).kind == "near"


def test_two_headlines_that_have_nothing_to_do_with_the_text_show_a_notice(add: Add) -> None:
    add("a", "Storm cuts power supply", TEXT)
    verdict = add("b", "Choir wins festival prize", TEXT, "b.example")
    assert (verdict.kind, verdict.related) == ("unique", ())
    assert add("c", "Storm cuts power supply", TEXT, "c.example").kind == "exact"


def test_one_text_with_another_number_in_the_headline_is_another_episode(add: Add) -> None:
    add("a", f"{TITLE} episode 40", TEXT)
    assert add("b", f"{TITLE} episode 66", TEXT).cluster_id == "c-b"
    assert add("c", f"{TITLE} episode 66", TEXT, "b.example").kind == "exact"


def test_a_copy_says_how_much_of_it_is_its_own(add: Add) -> None:
    add("a", TITLE, TEXT)
    verdict = add("b", TITLE, " ".join(WORDS[:200] + WORDS[300:350]), "b.example")
    assert verdict.kind == "near"
    assert verdict.own_share == pytest.approx(0.2, abs=0.1)


def test_much_text_and_many_names_of_its_own_make_an_article_related(add: Add) -> None:
    add("a", TITLE, TEXT, names=frozenset(WORDS[:10]))
    body = " ".join(WORDS[:105] + random.Random(2).choices(WORDS[200:233], k=99))
    verdict = add("b", TITLE, body, "b.example", names=frozenset(WORDS[:5] + WORDS[200:210]))
    assert verdict.kind == "related"
    assert verdict.own_share == pytest.approx(0.5, abs=0.15)


def test_without_facts_the_text_alone_decides(add: Add) -> None:
    fold = Fold(FOLD_VERSIONS[1])
    verdicts = [
        fold.apply(signed("a", f"{WORDS[1]} stocks higher", TEXT, at=1), 1),
        fold.apply(signed("b", f"{WORDS[1]} stocks lower", TEXT, at=2), 2),
    ]
    assert [verdict.kind for verdict in verdicts if verdict is not None] == ["unique", "exact"]
