"""Migrations run before every test and at every first start, so they are held to be quick."""

from importlib import import_module
from pathlib import Path

import pytest
from django.db.migrations import RunPython

from governance import migrations
from governance.migrations._operations import Together

NAMES = sorted(path.stem for path in Path(migrations.__file__).parent.glob("[0-9]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_operations_on_tables_are_together(name):
    operations = import_module(f"governance.migrations.{name}").Migration.operations

    assert all(isinstance(operation, Together | RunPython) or [operation] == operations for operation in operations)


def test_names_are_numbered_without_a_gap():
    assert [int(name[:4]) for name in NAMES] == list(range(1, len(NAMES) + 1))
