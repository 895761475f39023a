"""`manage.py analyse` as people and CI meet it."""

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from governance.facts import facts_as_json
from runner.analysing.command import main
from tests.governance.analysis.samples import FACTS

ROOT = Path(__file__).resolve().parents[3]
INDEX = "CREATE INDEX bids_status ON bids (status);\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to write scripts into, and to stand in."""
    monkeypatch.chdir(tmp_path)

    def write(**texts: str | bytes) -> None:
        for name, text in texts.items():
            path = tmp_path / name.replace("__in__", "/").replace("_sql", ".sql")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


@pytest.fixture
def analyse(capsys):
    def run(*arguments: str) -> SimpleNamespace:
        status = main(list(arguments))
        captured = capsys.readouterr()
        return SimpleNamespace(status=status, out=captured.out, err=captured.err)

    return run


@pytest.fixture
def files(analyse):
    def run(*arguments: str) -> dict[str, dict]:
        return {found["path"]: found for found in json.loads(analyse(*arguments, "--format", "json").out)["files"]}

    return run


def test_json_has_the_promised_form(folder, files):
    folder(a_sql=INDEX)

    found = files("a.sql")

    assert found == {
        "a.sql": {
            "path": "a.sql",
            "statements": [
                {
                    "line": 1,
                    "column": 1,
                    "sql": "CREATE INDEX bids_status ON bids (status)",
                    "change_class": "none",
                    "category": "constraint_index",
                    "locks": [
                        {
                            "relation": "public.bids",
                            "mode": "ShareLock",
                            "blocks_reads": False,
                            "blocks_writes": True,
                            "rewrite": False,
                            "scan": True,
                        }
                    ],
                    "duration": {"p50": None, "p90": None},
                }
            ],
            "findings": found["a.sql"]["findings"],
        }
    }
    assert found["a.sql"]["findings"][0] == {
        "code": "require-concurrent-index-creation",
        "level": "block",
        "line": 1,
        "column": 1,
        "message": "Building the index bids_status stops every write to bids until it is done.",
        "rewrite": "CREATE INDEX CONCURRENTLY bids_status ON bids (status);  -- in a script of its own",
    }


@pytest.mark.parametrize(
    ("text", "fail_on", "status"),
    [
        (INDEX, "block", 1),
        ("DROP TABLE bids;", "block", 0),
        ("DROP TABLE bids;", "warn", 1),
        ("CREATE TABLE notes (id bigint);", "warn", 0),
        ("selec 1;", "block", 1),
        ("", "warn", 0),
    ],
)
def test_status_tells_whether_anything_is_as_bad_as_asked_for(folder, analyse, text, fail_on, status):
    folder(a_sql=text)

    assert analyse("a.sql", "--fail-on", fail_on).status == status


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.sql"], "There is no nowhere.sql"),
        (["empty"], "holds no .sql file"),
        ([], "Name what to analyse"),
        (["a.sql", "--facts", "a.sql"], "does not hold facts"),
        (["a.sql", "--facts", "nowhere.json"], "cannot be read"),
        (["a.sql", "--write-facts", "x.json"], "name a database"),
        (["a.sql", "--dsn", "postgresql://localhost:1/x"], "cannot be reached"),
    ],
)
def test_what_cannot_be_done_says_why_and_has_a_status_of_its_own(folder, analyse, tmp_path, arguments, says):
    folder(a_sql=INDEX)
    (tmp_path / "empty").mkdir()

    told = analyse(*arguments)

    assert (told.status, told.out) == (2, "")
    assert says in told.err


def test_text_shows_the_line_a_caret_the_finding_and_the_rewrite(folder, analyse):
    folder(a_sql="SELECT 1;\n\tCREATE INDEX bids_status ON bids (status);\n")

    lines = analyse("a.sql").out.splitlines()

    assert lines[0] == "a.sql:2:2: block: require-concurrent-index-creation"
    assert lines[1] == "    2 |     CREATE INDEX bids_status ON bids (status);"
    assert lines[2] == "      |     ^"
    assert "    CREATE INDEX CONCURRENTLY bids_status ON bids (status);  -- in a script of its own" in lines
    assert lines[-1].startswith("1 file, 2 statements: 1 block")


def test_text_has_colours_on_a_terminal_only(folder, analyse, monkeypatch):
    folder(a_sql=INDEX)
    plain = analyse("a.sql").out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    coloured = analyse("a.sql").out

    assert "\x1b[" not in plain
    assert "\x1b[31;1mblock\x1b[0m" in coloured


def test_github_commands_stand_on_one_line_each(folder, analyse):
    folder(a_sql="SELECT 1;\n" + INDEX)

    [first, *_] = analyse("a.sql", "--format", "github").out.splitlines()

    assert first.startswith("::error file=a.sql,line=2,col=1,title=require-concurrent-index-creation::Building the index")
    assert "%0ACREATE INDEX CONCURRENTLY" in first


def test_nothing_that_an_author_writes_is_obeyed_by_a_terminal_or_a_ci(folder, analyse):
    name = '"a""b\n::error::forged\n##[error]forged\x1b[2J\u202e"'
    folder(**{"V1__x\n::error::x_sql": f"DROP TABLE {name}; ALTER TABLE {name} ADD COLUMN {name} int NOT NULL;"})

    text, commands = analyse(".").out, analyse(".", "--format", "github").out

    lines = text.splitlines()
    assert [line for line in lines if line.lstrip().startswith("::") or "##[" in line] == []
    assert not {"\x1b", "\u202e"} & set(text)
    assert [line for line in commands.splitlines() if not line.startswith(("::error file=", "::warning file=", "::notice file="))] == []


def test_sarif_names_rules_places_and_what_was_allowed(folder, analyse):
    folder(a_sql=f"-- lockgate: allow require-concurrent-index-creation because it is 5 MB\n{INDEX}selec 1;")

    sarif = json.loads(analyse("a.sql", "--format", "sarif").out)
    (run,) = sarif["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    by_code = {result["ruleId"]: result for result in run["results"]}

    assert sarif["version"] == "2.1.0"
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert by_code["require-concurrent-index-creation"]["suppressions"] == [{"kind": "inSource", "justification": "it is 5 MB"}]
    assert by_code["syntax-error"]["level"] == "error"
    assert by_code["syntax-error"]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a.sql"},
        "region": {"startLine": 3, "startColumn": 1},
    }


def test_standard_input_is_read(monkeypatch, analyse):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(INDEX.encode())))

    assert analyse("-").out.startswith("<stdin>:1:1: block: require-concurrent-index-creation")


def test_one_broken_file_does_not_keep_others_from_being_analysed(folder, files):
    folder(a_sql="selec 1;", b_sql=b"select '\xe9'", c_sql="select 1".encode("utf-16"), d_sql=INDEX, e_sql="select 1;\0 drop table bids;")

    found = files(".")

    assert {path: report["findings"][0]["code"] for path, report in found.items()} == {
        "a.sql": "syntax-error",
        "b.sql": "unreadable-file",
        "c.sql": "unreadable-file",
        "d.sql": "require-concurrent-index-creation",
        "e.sql": "syntax-error",
    }
    assert "0xe9 in line 1" in found["b.sql"]["findings"][0]["message"]
    assert "UTF-16" in found["c.sql"]["findings"][0]["message"]
    assert "NUL" in found["e.sql"]["findings"][0]["message"]


@pytest.mark.parametrize("text", ["\ufeffDROP TABLE bids;", "DROP TABLE bids;\r\n", "\r\n\r\nDROP TABLE bids;"])
def test_byte_order_mark_and_line_ends_of_windows_are_understood(folder, files, text):
    folder(a_sql=text)

    (finding, *_) = files("a.sql")["a.sql"]["findings"]

    assert (finding["code"], finding["line"], finding["column"]) == ("ban-drop-table", text.count("\n", 0, text.index("D")) + 1, 1)


@pytest.mark.parametrize(
    ("forward", "back"),
    [
        ("V1__add_sql", "U1__add_sql"),
        ("V20260101_0900__add_sql", "R20260101_0900__rollback_add_sql"),
        ("001_add.up_sql", "001_add.down_sql"),
        ("up_sql", "down_sql"),
        ("deploy__in__add_sql", "revert__in__add_sql"),
    ],
)
def test_rollback_of_any_naming_is_judged_as_one(folder, files, forward, back):
    folder(**{forward: "ALTER TABLE bids ADD COLUMN a text; ALTER TABLE bids ADD COLUMN b text;", back: "ALTER TABLE bids DROP COLUMN b;"})

    codes = [finding["code"] for report in files(".").values() for finding in report["findings"]]

    assert "rollback-misses-inverse" in codes
    assert "ban-drop-column" not in codes


@pytest.mark.parametrize(("up", "down"), [("-- migrate:up", "-- migrate:down"), ("-- +goose Up", "-- +goose Down")])
def test_both_directions_in_one_file_are_told_apart(folder, files, up, down):
    folder(a_sql=f"{up}\nCREATE TABLE notes (id bigint);\n{down}\nDROP TABLE notes;\n")

    report = files("a.sql")["a.sql"]

    assert [(row["line"], row["change_class"]) for row in report["statements"]] == [(2, "additive"), (4, "removal")]
    assert "ban-drop-table" not in [finding["code"] for finding in report["findings"]]


def test_repeatable_script_of_flyway_is_no_rollback(folder, files):
    folder(R__views_sql="DROP TABLE bids;")

    assert files("R__views.sql")["R__views.sql"]["findings"][0]["code"] == "ban-drop-table"


def test_facts_from_a_file_decide_level_and_duration(folder, files, tmp_path):
    folder(a_sql="CREATE INDEX ON settings (value);")
    (tmp_path / "facts.json").write_text(json.dumps(facts_as_json(FACTS)))

    report = files("a.sql", "--facts", "facts.json")["a.sql"]

    assert report["findings"][0]["level"] == "warn"
    assert 0 < report["statements"][0]["duration"]["p50"] < report["statements"][0]["duration"]["p90"] < 1


def test_facts_of_a_database_are_kept_and_used(folder, analyse, make_database, tmp_path):
    folder(a_sql="CREATE INDEX ON many (id);")
    url = make_database("CREATE TABLE many AS SELECT generate_series(1, 20000) AS id; ANALYZE many")

    live = analyse("a.sql", "--dsn", url, "--write-facts", "facts.json")
    kept = analyse("a.sql", "--facts", "facts.json")

    assert live.status == kept.status == 1
    assert "about 20,000 rows" in live.out
    assert live.out == kept.out


def test_command_of_django_does_the_same(folder, capsys):
    folder(a_sql=INDEX)

    with pytest.raises(SystemExit) as ended:
        call_command("analyse", "a.sql", "--format", "json")

    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out)["files"][0]["path"] == "a.sql"


@pytest.mark.django_db
def test_target_that_the_portal_does_not_have_is_refused(folder):
    folder(a_sql=INDEX)

    with pytest.raises(CommandError, match="There is no target nowhere") as refused:
        call_command("analyse", "a.sql", "--target", "nowhere")

    assert refused.value.returncode == 2


def test_command_starts_without_django_settings_database_and_its_driver(folder, tmp_path):
    folder(a_sql=INDEX)
    heavy = {"django", "portal", "psycopg"}
    code = f"import sys, runner.analysing.command as c; s = c.main(['a.sql']); print(sorted({heavy} & set(sys.modules)))"
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}

    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)

    assert told.stdout.splitlines()[-1] == "[]"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux that is always full")
def test_output_that_cannot_be_written_is_no_finding(folder):
    folder(V1__x_sql="DROP TABLE users;")
    command = [sys.executable, str(ROOT / "manage.py"), "analyse", "."]

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert (done.returncode, done.stderr) == (2, "The output cannot be written: No space left on device.\n")


def test_manage_py_takes_the_short_way(folder, tmp_path):
    folder(a_sql="CREATE TABLE notes (id bigint);")
    began = time.perf_counter()

    told = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "analyse", "a.sql"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": "nonsense"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stderr) == (0, "")
    assert time.perf_counter() - began < 5


def test_ten_thousand_statements_are_judged_in_seconds(folder, analyse):
    folder(a_sql="".join(f"ALTER TABLE bids ADD COLUMN c{n} text;\n" for n in range(10_000)))
    began = time.process_time()

    told = analyse("a.sql", "--format", "json")

    assert len(json.loads(told.out)["files"][0]["statements"]) == 10_000
    assert time.process_time() - began < 5


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_file_whose_name_is_in_another_encoding_is_told_in_every_form(folder, analyse, tmp_path, form):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/gr\xfc\xdfe.sql")).write_text(INDEX)

    told = analyse(".", "--format", form)

    assert "gr\\xfc\\xdfe.sql" in told.out.encode("utf-8").decode().replace("\\\\", "\\").replace("%5C", "\\")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only there a file is at hand that fails when it is read")
def test_file_that_cannot_be_read_among_many_is_told_in_one_line(folder, tmp_path):
    folder(**{f"V{number}_sql": INDEX for number in range(400)})
    (tmp_path / "V7.sql").unlink()
    (tmp_path / "V7.sql").symlink_to("/proc/self/mem")  # a file for everybody who asks, and an error for whoever reads it

    done = subprocess.run([sys.executable, ROOT / "manage.py", "analyse", "."], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.splitlines() == ["V7.sql cannot be read: Input/output error."]


@pytest.mark.parametrize(("form", "told"), [("json", "bücher"), ("sarif", "bücher"), ("github", "bücher"), ("text", "b?cher")])
def test_programs_are_given_utf8_and_people_what_their_terminal_can_show(folder, form, told):
    folder(a_sql="CREATE INDEX i ON bücher (c);")
    command = [sys.executable, str(ROOT / "manage.py"), "analyse", "a.sql", "--format", form]

    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"})

    assert told in done.stdout.decode()
    assert done.stderr == b""


def test_command_writes_into_whatever_it_is_given(folder):
    folder(a_sql="SELECT 1;")
    out = io.StringIO()

    call_command("analyse", "a.sql", "--format", "json", stdout=out)

    assert [file["path"] for file in json.loads(out.getvalue())["files"]] == ["a.sql"]
