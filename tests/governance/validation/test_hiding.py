"""Trigger functions that write under transaction numbers of their own."""

import pytest

from governance.validation.hiding import Function, begun_before, reached

CATCHES = "BEGIN\n  INSERT INTO log VALUES (NEW.id);\nEXCEPTION  WHEN unique_violation THEN NULL;\nEND"


@pytest.mark.parametrize(
    ("function", "hides"),
    [
        (Function("f", "plpgsql", CATCHES), True),
        (Function("f", "plpgsql", "BEGIN RAISE EXCEPTION 'when'; END"), False),
        (Function("f", "sql", "SELECT 1 -- exception when"), False),
        (Function("f", "c", "moddatetime"), False),
        (Function("f", "plpython3u", "plpy.execute('…')"), True),
    ],
)
def test_function_that_catches_errors_writes_under_a_number_of_its_own(function, hides):
    assert function.hides is hides


def test_functions_are_reached_through_others_by_their_names():
    trigger = Function("touch", "plpgsql", "BEGIN PERFORM public.note(NEW.id); RETURN NEW; END", triggers=True)
    note, write = Function("note", "plpgsql", 'SELECT "Write" (1)'), Function("Write", "plpgsql", CATCHES)
    others = (Function("notes", "plpgsql", CATCHES), Function("idle", "plpgsql", CATCHES))

    found = reached([*others, write, note, trigger])

    assert [each.name for each in found] == ["touch", "note", "Write"]


def test_numbers_of_transactions_go_round():
    assert begun_before(100, 200)
    assert not begun_before(200, 200)
    assert begun_before(2**32 - 5, 7)
    assert not begun_before(7, 2**32 - 5)
