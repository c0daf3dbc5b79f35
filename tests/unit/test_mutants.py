"""The mutation run changes one expression at a time, and only expressions that decide something."""

import ast

from scripts.mutants import applied, mutants_of

SOURCE = '''\
"""Ä docstring with 3 numbers."""
LIMIT: int = 3


def over(count: int, é: str = "x 1") -> bool:
    """Return 1."""
    if count > LIMIT and not é:
        return True
    return count + 1 == (2 if é else 4)
'''


def test_every_kind_of_change_is_made_and_the_result_parses() -> None:
    mutants = mutants_of("m.py", SOURCE)
    changes = {(one.before, one.after) for one in mutants}
    assert changes == {
        ("3", "(4)"),
        ("count > LIMIT", "(count >= LIMIT)"),
        ("count > LIMIT and not é", "(count > LIMIT or not é)"),
        ("not é", "(é)"),
        ("True", "(False)"),
        ("count + 1 == (2 if é else 4)", "(count + 1 != (2 if é else 4))"),
        ("count + 1", "(count - 1)"),
        ("1", "(2)"),
        ("2 if é else 4", "(2 if not é else 4)"),
        ("2", "(3)"),
        ("4", "(5)"),
    }
    for one in mutants:
        changed = applied(one, SOURCE)
        ast.parse(changed)
        assert changed != SOURCE


def test_annotations_and_messages_are_left_alone() -> None:
    assert mutants_of("m.py", "def f(a: Literal[1]) -> Literal[2]:\n    raise E(f'{a:>3} of {a + 1}')\n") == []
    assert mutants_of("m.py", "class C(Struct, frozen=True):\n    a: int\n") == []
