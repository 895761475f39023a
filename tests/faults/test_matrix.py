"""The matrix speaks of tests that exist."""

import ast
from pathlib import Path

import pytest

from tests.faults.matrix import MATRIX

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("fault", MATRIX, ids=lambda fault: fault.number)
def test_every_fault_is_shown_or_says_why_it_is_not(fault):
    assert bool(fault.tests) != bool(fault.not_here)


@pytest.mark.parametrize("test", sorted({test for fault in MATRIX for test in fault.tests}))
def test_named_test_exists(test):
    path, _, name = test.partition("::")
    functions = {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)}

    assert name.partition("[")[0] in functions


def test_numbers_are_complete():
    assert [fault.number for fault in MATRIX] == [f"X{number}" for number in range(1, 27)]
