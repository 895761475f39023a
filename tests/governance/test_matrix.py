"""Cells of the matrix, and the answer of the gate."""

import pytest

from governance.analysis.classify import ChangeClass
from governance.matrix import Cell, Compatibility, can_deploy, derive

FULL, PARTIAL = Cell(Compatibility.FULL, "declared"), Cell(Compatibility.PARTIAL, "no line items")
NO, UNKNOWN = Cell(Compatibility.NO, "asks for line items"), Cell(Compatibility.UNKNOWN, "never seen")


@pytest.mark.parametrize(
    ("change_class", "verdict"),
    [
        (ChangeClass.NONE, "full"),
        (ChangeClass.ADDITIVE, "full"),
        (ChangeClass.RENAMING, "partial"),
        (ChangeClass.STRUCTURAL, "partial"),
        (ChangeClass.DATA_TYPE, "partial"),
        (ChangeClass.REMOVAL, "no"),
        (ChangeClass.UNKNOWN, "unknown"),
    ],
)
def test_a_client_that_was_whole_gets_the_verdict_of_the_change(change_class, verdict):
    cell = derive(FULL, change_class, "CHG-1")

    assert cell.verdict == verdict
    assert "CHG-1" in cell.reason


@pytest.mark.parametrize("before", [PARTIAL, NO, UNKNOWN])
def test_an_additive_change_mends_nothing(before):
    cell = derive(before, ChangeClass.ADDITIVE, "CHG-1")

    assert cell.verdict is before.verdict
    assert before.reason in cell.reason


def test_every_change_class_has_a_verdict():
    for change_class in ChangeClass:
        assert derive(FULL, change_class, "CHG-1").reason


def test_one_client_that_cannot_is_a_no_with_its_reason():
    answer = can_deploy([("App 1.0", NO), ("App 2.0", FULL), ("App 3.0", UNKNOWN)])

    assert answer.verdict == "no"
    assert answer.reasons == ("App 1.0: asks for line items",)


def test_unknown_never_passes():
    assert can_deploy([("App 1.0", UNKNOWN), ("App 2.0", FULL)]).verdict == "unknown"


def test_partial_clients_can_live_with_it():
    assert can_deploy([("App 1.0", PARTIAL), ("App 2.0", FULL)]).verdict == "yes"
