"""Texts keep their number while they are used, and free it afterwards."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.store.interner import Interner


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(("", "a", "b", "c")))))
def test_a_text_has_one_number_while_it_is_used(steps: list[tuple[bool, str]]) -> None:
    interner = Interner()
    uses: Counter[str] = Counter()
    numbers = {"": 0}
    for take, text in steps:
        if take:
            number = interner.intern(text)
            assert numbers.setdefault(text, number) == number
            uses[text] += 1
        elif uses[text]:
            interner.release(numbers[text])
            uses[text] -= 1
            if text and not uses[text]:
                del numbers[text]
        assert len(interner) == len(numbers) == len(set(numbers.values()))
        for known in ("", "a", "b", "c"):
            assert interner.find(known) == numbers.get(known)
        assert all(interner.text(number) == text for text, number in numbers.items())
        assert max(numbers.values()) <= 3


def test_loaded_texts_are_released_after_their_uses() -> None:
    interner = Interner()
    interner.load(["", "a", "b"], [0, 2, 1])
    interner.release(1)
    assert interner.find("a") == 1
    interner.release(1)
    assert interner.find("a") is None
    assert (interner.intern("c"), interner.find(""), interner.text(2)) == (1, 0, "b")


@given(st.lists(st.lists(st.sampled_from(("", "a", "b", "c")), min_size=1, max_size=5)))
def test_many_texts_are_counted_as_one_by_one(batches: list[list[str]]) -> None:
    one, many = Interner(), Interner()
    for batch in batches:
        assert [many.text(number) for number in many.intern_all(batch)] == batch
        for text in batch:
            one.intern(text)
    for text, uses in Counter(text for batch in batches for text in batch if text).items():
        for interner in (one, many):
            for _ in range(uses):
                assert interner.find(text) is not None
                interner.release(interner.intern(text))
                interner.release(interner.find(text) or 0)
            assert interner.find(text) is None
