"""Script names, Flyway's order and checksum, and database versions."""

import pytest

from governance.analysis.classify import Bump
from governance.errors import BadInput, BadScriptName, MixedScript, UnparsableScript
from governance.orders import ScriptKind
from governance.versions import DatabaseVersion, parse_script_name, read_script, rollback_name, script_checksum, suggest_name, version_key


def test_a_good_name_is_read_into_kind_version_and_description():
    name = parse_script_name("V20250401_1432__add_contractor_verification_levels.sql")

    assert (name.kind, name.version, name.description) == (ScriptKind.FORWARD, "20250401_1432", "add contractor verification levels")
    assert str(name) == "V20250401_1432__add_contractor_verification_levels.sql"
    assert rollback_name(name) == "R20250401_1432__rollback_add_contractor_verification_levels.sql"


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("v20250401_1432__add_levels.sql", "V20250401_1432__add_levels.sql"),
        ("V202504011432__add_levels.sql", "V20250401_1432__add_levels.sql"),
        ("V20250401_1432_add_levels.sql", "V20250401_1432__add_levels.sql"),
        ("V20250401_1432__Add-Levels.sql", "V20250401_1432__add_levels.sql"),
        ("V20250401_1432__.sql", "V20250401_1432__describe_the_change.sql"),
        ("V20251301_1432__add_levels.sql", "V20250401_1432__add_levels.sql"),
        ("add_levels.sql", "V20250401_1432__add_levels.sql"),
        ("R20250401-1432__rollback_add_levels.txt", "R20250401_1432__rollback_add_levels.sql"),
    ],
)
def test_a_wrong_name_is_refused_with_the_right_one(name, right):
    with pytest.raises(BadScriptName) as refusal:
        parse_script_name(name)

    assert refusal.value.right == right
    assert right in refusal.value.message
    assert parse_script_name(suggest_name(name))


@pytest.mark.parametrize(
    ("text", "checksum"),
    [
        ("CREATE TABLE t (\n  id int\n);\n", -40986071),
        ("CREATE TABLE t (\r\n  id int\r\n);", -40986071),
        ("\ufeffCREATE TABLE t (\n  id int\n);\n\n", -40986071),
        ("INSERT INTO t VALUES ('é中😀');", -1240080354),
        ("a\u2028b\vc\fd\x85e\x1cf", 1037815502),
        ("", 0),
    ],
)
def test_checksum_is_the_one_that_flyway_computes(text, checksum):
    assert script_checksum(text) == checksum


@pytest.mark.parametrize(
    ("lower", "higher"), [("1.9", "1.10"), ("20250401_1432", "20250401_1433"), ("1", "1.1"), ("2", "10"), ("1_2", "1_10")]
)
def test_versions_are_ordered_as_flyway_orders_them(lower, higher):
    assert version_key(lower) < version_key(higher)


def test_trailing_zeros_do_not_make_another_version():
    assert version_key("1.0") == version_key("1") == version_key("001")


@pytest.mark.parametrize(("bump", "after"), [(Bump.MAJOR, "2.0.0"), (Bump.MINOR, "1.5.0"), (Bump.PATCH, "1.4.3"), (Bump.NONE, "1.4.2")])
def test_a_bump_raises_its_part_and_clears_those_behind(bump, after):
    assert str(DatabaseVersion.parse("1.4.2").bumped(bump)) == after


def test_a_database_version_has_three_parts():
    with pytest.raises(BadInput, match=r"major\.minor\.patch"):
        DatabaseVersion.parse("1.4")


def test_a_script_is_read_with_its_statements():
    script = read_script("V20250401_1432__two.sql", "-- first\nSELECT 1;\n\nSELECT 2;\n")

    assert [(statement.line, statement.text) for statement in script.statements] == [(2, "SELECT 1"), (4, "SELECT 2")]
    assert script.transactional


def test_a_script_that_does_not_parse_is_refused_with_line_and_column():
    with pytest.raises(UnparsableScript) as refusal:
        read_script("V20250401_1432__two.sql", "SELECT 1;\nSELEC 2;\n")

    assert (refusal.value.line, refusal.value.column) == (2, 1)


def test_a_script_that_mixes_what_needs_and_what_forbids_a_transaction_is_refused():
    with pytest.raises(MixedScript, match="Split the script"):
        read_script("V20250401_1432__two.sql", "CREATE TABLE t (a int);\nCREATE INDEX CONCURRENTLY i ON t (a);\n")
