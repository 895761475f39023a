"""A folder's files taken as executed one after the other."""

import pytest

from governance.analysis.rule import Level
from governance.facts import Facts
from runner.analysing.command import main
from runner.analysing.report import told
from runner.analysing.sources import Source
from tests.governance.analysis.samples import FACTS

ITEMS = "CREATE TABLE public.items (id bigint PRIMARY KEY, name varchar(50));\n"
WIDER = "ALTER TABLE public.items ALTER COLUMN name TYPE varchar(100);\n"
CHECKED = {
    "V4__check.sql": "ALTER TABLE items ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID;\n",
    "V5__valid.sql": "ALTER TABLE items VALIDATE CONSTRAINT named;\n",
    "V10__null.sql": "ALTER TABLE items ALTER COLUMN name SET NOT NULL;\n",
}


def blocked(files: dict[str, str], facts: Facts | None = None, *, in_order: bool = True) -> dict[str, set[str]]:
    """By file, the findings that block; files come as a folder has them, in alphabetical order."""
    sources = [Source(path, text.encode()) for path, text in sorted(files.items())]
    found = told(sources, facts, True, lambda report: report, in_order)
    assert [report.path for report in found] == [source.path for source in sources]
    return {report.path: codes for report in found if (codes := {each.code for each in report.findings if each.level is Level.BLOCKING})}


@pytest.mark.parametrize("facts", [None, FACTS])
def test_what_an_earlier_file_says_of_a_table_is_known_in_a_later_one(facts):
    files = {"V1__items.sql": ITEMS, "V2__wider.sql": WIDER, **CHECKED}

    assert blocked(files, facts) == {}
    assert blocked(files, in_order=False) == {
        "V2__wider.sql": {"changing-column-type"},
        "V10__null.sql": {"adding-not-nullable-field"},
    }


@pytest.mark.parametrize("facts", [None, FACTS])
def test_a_table_of_an_earlier_file_is_in_use_and_of_unknown_size(facts):
    files = {"V1__items.sql": ITEMS, "V2__index.sql": "CREATE INDEX items_name ON items (name);\n"}
    at_once = {"V1__items.sql": "".join(files.values())}

    assert blocked(files, facts) == {"V2__index.sql": {"require-concurrent-index-creation"}}
    assert blocked(at_once, facts) == {}


def test_versions_go_before_names_and_folders_and_what_is_repeatable_comes_last():
    files = {
        "a/V10__wider.sql": WIDER,
        "b/V9__items.sql": ITEMS,
        "a/R__grants.sql": "ALTER TABLE items ALTER COLUMN name TYPE varchar(200);\n",
        "a/V11__again.sql": "ALTER TABLE items ALTER COLUMN name TYPE varchar(150);\n",
    }

    assert blocked(files) == {}


def test_names_without_versions_are_taken_as_they_come():
    files = {"20250101_items.up.sql": ITEMS, "20250102_wider.up.sql": WIDER, "note.sql": WIDER.replace("100", "50")}

    assert blocked(files) == {"note.sql": {"changing-column-type"}}


def test_a_rollback_meets_its_own_forward_script_and_is_not_taken_as_executed():
    files = {
        "V1__items.sql": ITEMS,
        "R1__rollback_items.sql": "DROP TABLE public.items;\n",
        "V2__wider.sql": WIDER,
        "R2__rollback_wider.sql": "ALTER TABLE public.items ALTER COLUMN name TYPE varchar(50);\n",
        "V3__wider_still.sql": WIDER.replace("100", "200"),
    }

    assert blocked(files) == {"R2__rollback_wider.sql": {"changing-column-type"}}


def test_settings_end_with_their_file():
    files = {"V1__path.sql": "SET search_path = shop;\nCREATE TABLE items (id int, name varchar(50));\n", "V2__wider.sql": WIDER}
    named = {**files, "V2__wider.sql": WIDER.replace("public", "shop")}

    assert blocked(files) == {"V2__wider.sql": {"changing-column-type"}}
    assert blocked(named) == {}


def test_a_file_that_cannot_be_read_stops_none_behind_it():
    texts = {"V1__items.sql": ITEMS.encode(), "V2__no.sql": b"\xff\xfe", "V3__no.sql": b"NO SQL;", "V4__wider.sql": WIDER.encode()}
    sources = [Source(path, text) for path, text in texts.items()]

    found = told(sources, None, True, lambda report: {each.code for each in report.findings}, in_order=True)

    assert (found[1], "syntax-error" in found[2]) == ({"unreadable-file"}, True)
    assert "changing-column-type" not in found[3]


def test_the_command_has_it_as_an_option_and_does_otherwise_as_ever(tmp_path):
    for name, text in {"V1__items.sql": ITEMS, "V2__wider.sql": WIDER}.items():
        (tmp_path / name).write_text(text)

    statuses = [main([str(tmp_path), "--guarded", "--format", "json", *more]) for more in ([], ["--in-order"])]

    assert statuses == [1, 0]
