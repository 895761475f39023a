"""The commands that need no portal: a folder rehearsed, a database filled."""

import json
from contextlib import nullcontext

import psycopg
import pytest
from django.core.management import CommandError, call_command

from runner import scratch_server
from runner.engine import pairs
from tests import factories


@pytest.fixture
def folder(tmp_path, server, monkeypatch):
    """A folder to write pairs into; scratch databases are made on the test's server."""
    monkeypatch.setenv("SCRATCH_DATABASE_URL", server.url())
    return tmp_path


@pytest.fixture
def write(folder):
    def write(**scripts):
        for name, text in scripts.items():
            (folder / f"{name}.sql").write_text(text)
        return folder

    return write


def rehearse(folder, capsys, *arguments):
    """The pairs of the JSON answer, and the exit code."""
    code = 0
    try:
        call_command("rehearse", str(folder), "--format=json", *arguments)
    except SystemExit as left:
        code = left.code
    return json.loads(capsys.readouterr().out)["pairs"], code


def test_answer_has_exactly_the_promised_keys(write, capsys):
    folder = write(V1__users="CREATE TABLE users (id integer, name text)", R1__rollback_users="DROP TABLE users; CREATE TABLE other ()")

    [pair], code = rehearse(folder, capsys)

    assert code == 1
    assert pair.pop("seconds") > 0
    assert pair == {
        "version": "1",
        "description": "users",
        "verdict": "not_restored",
        "data_lost": [],
        "differences": [{"object": "public.other", "kind": "table", "before": "", "after": "present", "severity": "different"}],
        "error": "",
    }


def test_folder_whose_pairs_all_restore_exits_with_0(write, capsys):
    found, code = rehearse(write(V1__users="CREATE TABLE users (id integer)", U1__users="DROP TABLE users"), capsys)

    assert ([pair["verdict"] for pair in found], code) == (["restored"], 0)


def test_rows_show_what_a_rollback_loses(write, capsys):
    folder = write(
        V1__users="CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL)",
        R1__users="DROP TABLE users",
        V2__name="ALTER TABLE users DROP name",
        R2__name="ALTER TABLE users ADD name text NOT NULL DEFAULT ''",
    )

    found, _ = rehearse(folder, capsys, "--rows=30")

    assert found[1]["data_lost"] == [{"column": "public.users.name", "rows": 30}]


def test_forward_script_that_made_up_rows_stop_is_still_there_for_the_next_pair(write, capsys):
    folder = write(
        V1__users="CREATE TABLE users (id integer PRIMARY KEY)",
        V2__age="ALTER TABLE users ADD age integer NOT NULL",
        V3__index="CREATE INDEX users_age ON users (age)",
        R3__index="DROP INDEX users_age",
    )

    found, _ = rehearse(folder, capsys, "--rows=5")

    assert [pair["verdict"] for pair in found] == ["rollback_missing", "forward_failed", "restored"]


def test_versions_before_the_first_wanted_one_are_only_applied(write, capsys):
    folder = write(
        V1_9__users="CREATE TABLE users (id integer)",
        V1_10__age="ALTER TABLE users ADD age integer",
        R1_10__age="ALTER TABLE users DROP age",
    )

    found, _ = rehearse(folder, capsys, "--from=1.10")

    assert [(pair["version"], pair["verdict"]) for pair in found] == [("1_10", "restored")]


def test_dump_is_the_schema_to_start_from(write, capsys, tmp_path):
    dump = tmp_path / "dump.txt"
    dump.write_text(
        "\\restrict x\nCREATE TABLE public.users (id integer);\nALTER TABLE public.users OWNER TO some_owner_of_tests;\n\\unrestrict x\n"
    )

    found, _ = rehearse(
        write(V2__age="ALTER TABLE users ADD age integer", R2__age="ALTER TABLE users DROP age"), capsys, f"--schema={dump}"
    )

    assert [pair["verdict"] for pair in found] == ["restored"]


def test_database_is_the_schema_to_start_from_and_is_only_read(write, capsys, make_database):
    url = make_database("CREATE TABLE users (id integer)")

    found, _ = rehearse(write(V2__age="ALTER TABLE users ADD age integer", R2__age="SELECT 1"), capsys, f"--dsn={url}")

    with psycopg.connect(url) as connection:
        columns = connection.execute("SELECT count(*) FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0").fetchone()
    assert ([pair["verdict"] for pair in found], columns) == (["second_forward_failed"], (1,))


def test_extensions_of_the_database_choose_the_scratch_server(write, capsys, make_database, monkeypatch, server):
    url, asked = make_database("CREATE EXTENSION citext"), []
    monkeypatch.delenv("SCRATCH_DATABASE_URL")
    monkeypatch.setattr(scratch_server, "own_server", lambda extensions: asked.append(extensions) or nullcontext(server.url()))

    rehearse(write(V2__age="CREATE EXTENSION IF NOT EXISTS hstore", R2__age="DROP EXTENSION hstore"), capsys, f"--dsn={url}")

    assert [names - {"plpgsql"} for names in asked] == [{"citext", "hstore"}]


@pytest.mark.parametrize(("names", "why"), [([], "holds no forward script"), (["V1__a", "V1.0__b"], "is taken by")])
def test_folder_that_cannot_be_rehearsed_exits_with_2(write, names, why):
    folder = write(**dict.fromkeys(names, "SELECT 1"))

    with pytest.raises(CommandError, match=why) as refused:
        call_command("rehearse", str(folder))

    assert refused.value.returncode == 2


@pytest.mark.parametrize(("options", "why"), [(["--from", "2"], "none is left from 2 on"), (["--rows=-3"], "'-3' is no number of rows")])
def test_options_that_leave_nothing_to_rehearse_are_refused(write, options, why):
    folder = write(V1__users="CREATE TABLE users (id integer)")

    with pytest.raises(CommandError, match=why):
        call_command("rehearse", str(folder), *options)


def test_table_of_outcomes_names_what_differs(write, capsys):
    folder = write(V1__users="CREATE TABLE users (id integer)", R1__users="SELECT 1")

    with pytest.raises(SystemExit) as left:
        call_command("rehearse", str(folder))

    out = capsys.readouterr().out
    assert left.value.code == 1
    assert "second_forward_failed" in out
    assert "1 pairs: 1 second forward failed." in out


@pytest.mark.parametrize(
    ("forward", "rollback"),
    [
        ("V2__age.sql", "R2__rollback_age.sql"),
        ("V2__age.sql", "U2__age.sql"),
        ("000002_age.up.sql", "000002_age.down.sql"),
        ("2026-01-01-100000_age/up.sql", "2026-01-01-100000_age/down.sql"),
    ],
)
def test_names_of_other_tools_are_understood(tmp_path, forward, rollback):
    for name in (forward, rollback, "README.sql", "R__view.sql"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("SELECT 1")

    [pair] = pairs.read_folder(tmp_path)

    assert (pair.description, pair.forward, pair.rollback) == ("age", tmp_path / forward, tmp_path / rollback)


def test_rows_of_copy_and_commands_of_psql_are_understood(write, capsys):
    folder = write(
        V1__users="\\set ON_ERROR_STOP on\nCREATE TABLE users (id integer, name text);\n"
        "COPY users (id, name) FROM stdin;\n1\tann\n2\t\\N\n\\.\n",
        R1__users="DROP TABLE users",
        V2__less="DELETE FROM users",
        R2__less="SELECT 1",
    )

    found, _ = rehearse(folder, capsys)

    assert found[1]["data_lost"] == [{"column": "public.users.id", "rows": 2}, {"column": "public.users.name", "rows": 1}]


@pytest.mark.django_db
def test_database_is_filled_by_command(make_database, capsys):
    url = make_database("CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL)")

    call_command("synthesize", f"--dsn={url}", "--rows=7", "--format=json")

    [table] = json.loads(capsys.readouterr().out)["tables"]
    assert (table["table"], table["rows"]) == ("public.users", 7)


@pytest.mark.django_db
def test_table_that_cannot_be_filled_makes_the_command_fail_with_the_reason(make_database, capsys):
    url = make_database("CREATE TABLE never (n integer NOT NULL, CONSTRAINT impossible CHECK (n * 0 = 1))")

    with pytest.raises(CommandError, match="fewer rows") as failed:
        call_command("synthesize", f"--dsn={url}")

    assert failed.value.returncode == 1
    assert "impossible refused" in capsys.readouterr().out


@pytest.mark.django_db
def test_production_target_is_filled_only_by_its_name(make_database, monkeypatch):
    url = make_database("CREATE TABLE users (id integer PRIMARY KEY)")
    _, target = factories.make_targets()
    monkeypatch.setenv(target.connection, url)

    with pytest.raises(CommandError, match=f"This is {target.name}, which customers use") as refused:
        call_command("synthesize", f"--dsn={url}")

    assert refused.value.returncode == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("--table=usres", "there is no table usres"),
        ("--schema=shop", "there is no table in a schema shop"),
        ("--rows=-1", "'-1' is no number of rows"),
        ("--share=nan", "'nan' is no share of rows"),
        ("--share=-0.5", "'-0.5' is no share of rows"),
    ],
)
def test_filling_with_what_cannot_be_meant_is_refused(make_database, option, why):
    url = make_database("CREATE TABLE users (id integer PRIMARY KEY)")

    with pytest.raises(CommandError, match=why):
        call_command("synthesize", f"--dsn={url}", option)


@pytest.mark.django_db
def test_names_and_messages_of_a_database_are_shown_and_not_obeyed(make_database, capsys):
    raises = "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION E'\\n::error::no \\x1b[31m'; END $$;"
    trigger = 'CREATE TABLE "\x1b[2Jx" (id integer); CREATE TRIGGER no BEFORE INSERT ON "\x1b[2Jx" FOR EACH ROW EXECUTE FUNCTION no();'
    url = make_database(f"{raises} {trigger}")

    with pytest.raises(CommandError):
        call_command("synthesize", f"--dsn={url}")

    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\n::" not in told
    assert "\\u001b[2Jx" in told


def test_script_with_a_nul_is_refused_instead_of_being_read_as_far_as_that(write):
    folder = write(V1__a="CREATE TABLE a ();\0DROP TABLE a", R1__a="DROP TABLE a")

    with pytest.raises(CommandError, match=r"V1__a\.sql has a NUL character.*Save it as UTF-8") as refused:
        call_command("rehearse", str(folder))

    assert refused.value.returncode == 2
