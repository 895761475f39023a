"""Claims: a change to 25 tables is rehearsed within 3 s, to 500 within 10 s; 300 pairs within 90 s; 100,000 made-up rows a second;
a schema of 1,000 tables is read within 1 s.

The pairs are beside a plain loop of psql and pg_dump in the same run, on the same server. Prints a table, with --json the
claims; exit 0 when they hold.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from governance.orders import Limits, Manifest, RehearsalOrder, Verdict
from governance.rehearsals import PairVerdict
from governance.versions import read_script
from portal.embedded import UNSAFE_FAST, EmbeddedServer, binaries
from runner.engine.folder import rehearse_folder
from runner.engine.ground import ground_in
from runner.engine.pairs import Pair, read_folder
from runner.engine.rehearse import rehearse
from runner.engine.scratch import database_of, empty_database
from runner.engine.snapshot import read_schema
from runner.engine.synthesize import Wanted, synthesize

TABLE = """
CREATE TABLE {name} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner bigint REFERENCES {parent}, email text NOT NULL, title text NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')), amount numeric(10, 2),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX {name}_owner ON {name} (owner);
CREATE UNIQUE INDEX {name}_email ON {name} (lower(email));
COMMENT ON TABLE {name} IS 'A table like others.';
"""
TEN_COLUMNS = """
CREATE TABLE people (id bigint PRIMARY KEY, email text NOT NULL, name text NOT NULL, city text, phone text, amount numeric(10, 2) NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'done')), active boolean NOT NULL, born date, created_at timestamptz NOT NULL)
"""
ROWS = 500_000
# Forward and back; each on a table of its own turn.
STEPS = (
    ("ALTER TABLE t{n} ADD level integer NOT NULL DEFAULT 0;", "ALTER TABLE t{n} DROP level;"),
    ("CREATE INDEX t{n}_level ON t{n} (level);", "DROP INDEX t{n}_level;"),
    ("ALTER TABLE t{n} ADD CONSTRAINT t{n}_amount CHECK (amount >= 0);", "ALTER TABLE t{n} DROP CONSTRAINT t{n}_amount;"),
    ("ALTER TABLE t{n} DROP amount;", "ALTER TABLE t{n} ADD amount numeric(10, 2), ADD CONSTRAINT t{n}_amount CHECK (amount >= 0);"),
    ("CREATE VIEW v{n} AS SELECT id, title FROM t{n};", "DROP VIEW v{n};"),
)


def tables(count: int) -> str:
    return "".join(TABLE.format(name=f"t{number}", parent=f"t{number // 2}" if number else "t0") for number in range(count))


def pairs(count: int) -> Iterator[tuple[str, str]]:
    made = 0
    while made < count:
        number = made // (len(STEPS) + 1)
        step = made % (len(STEPS) + 1) - 1
        if step < 0:
            yield TABLE.format(name=f"t{number}", parent=f"t{number}"), f"DROP TABLE t{number};"
        else:
            forward, back = STEPS[step]
            yield forward.format(n=number), back.format(n=number)
        made += 1


def write(folder: Path, count: int) -> tuple[Pair, ...]:
    for number, (forward, back) in enumerate(pairs(count), 1):
        (folder / f"V{number}__step.sql").write_text(forward)
        (folder / f"R{number}__rollback_step.sql").write_text(back)
    return read_folder(folder)


def timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def one_change(server: EmbeddedServer, count: int) -> float:
    with empty_database(server.url()) as target:
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute(tables(count).encode())
        forward = read_script("V20261124_0900__add_level.sql", "ALTER TABLE t7 ADD COLUMN level integer;\n")
        back = read_script("R20261124_0900__rollback_add_level.sql", "ALTER TABLE t7 DROP COLUMN level;\n")
        order = RehearsalOrder("bench", "bench", "BENCH_URL", Manifest((forward, back), Limits(), ""))
        outcome = rehearse(order, target, server.url(), binaries())
        if outcome.verdict is not Verdict.PASSED:
            raise SystemExit(f"The rehearsal did not pass: {outcome.message}")
        return outcome.seconds


def through_lockgate(server: EmbeddedServer, found: tuple[Pair, ...]) -> None:
    with empty_database(server.url()) as scratch, ground_in(server.url(), scratch, database_of(scratch)) as ground:
        verdicts = [outcome.verdict for outcome in rehearse_folder(found, ground)]
    if wrong := set(verdicts) - {PairVerdict.RESTORED, PairVerdict.COSMETIC}:
        raise SystemExit(f"Not every pair was restored: {sorted(wrong)}")


def plain_loop(server: EmbeddedServer, found: tuple[Pair, ...]) -> int:
    """How many pairs leave another text."""
    differing = 0
    with empty_database(server.url()) as scratch:
        for pair in found:
            before = run(scratch, "pg_dump", "--schema-only")
            play(scratch, pair.forward)
            if pair.rollback:
                play(scratch, pair.rollback)
            after = run(scratch, "pg_dump", "--schema-only")
            differing += before != after
            play(scratch, pair.forward)
    return differing


def play(url: str, script: Path) -> None:
    run(url, "psql", "-X", "-q", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--file={script}")


def run(url: str, program: str, *arguments: str) -> str:
    found = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "dbname"}
    environment = {**os.environ, **{variable: found[key] for variable, key in names.items()}}
    return subprocess.run([binaries() / program, *arguments], env=environment, capture_output=True, text=True, check=True).stdout


def rows_per_second(server: EmbeddedServer) -> float:
    with empty_database(server.url()) as target, psycopg.connect(target, autocommit=True) as connection:
        connection.execute(TEN_COLUMNS)
        seconds = timed(lambda: list(synthesize(connection, Wanted(rows=ROWS))))
        if connection.execute("SELECT count(*) FROM people").fetchone() != (ROWS,):
            raise SystemExit("Not all rows are there.")
        return ROWS / seconds


def seconds_to_read(server: EmbeddedServer, count: int) -> float:
    """The best of three: the first one warms the server's caches."""
    with empty_database(server.url()) as target, psycopg.connect(target, autocommit=True) as connection:
        connection.execute(tables(count).encode())
        return min(timed(lambda: read_schema(connection)) for _ in range(3))


def claim(what: str, value: float, goal: float, *, at_least: bool = False) -> dict[str, object]:
    return {"claim": what, "value": round(value, 2), "goal": goal, "holds": value >= goal if at_least else value <= goal}


def measure(count: int) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory) / "pairs"
        folder.mkdir()
        server = EmbeddedServer(Path(directory) / "server", settings={**UNSAFE_FAST, "autovacuum": "off"})
        server.start()
        try:
            found = write(folder, count)
            ours, theirs = timed(lambda: through_lockgate(server, found)), timed(lambda: plain_loop(server, found))
            return [
                claim("seconds to rehearse a change to a schema of 25 tables", one_change(server, 25), 3),
                claim("seconds to rehearse a change to a schema of 500 tables", one_change(server, 500), 10),
                claim(f"seconds to rehearse {count} pairs", ours, 90 * count / 300),
                claim(f"share of the {theirs:.1f} s that a plain loop of psql and pg_dump takes", ours / theirs, 1),
                claim("seconds to read a schema of 1,000 tables", seconds_to_read(server, 1000), 1),
                claim("made-up rows per second into a table of ten columns", rows_per_second(server), 100_000, at_least=True),
            ]
        finally:
            server.destroy()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pairs", type=int, default=300)
    arguments = parser.parse_args()
    claims = measure(arguments.pairs)
    if arguments.json:
        print(json.dumps({"claims": claims}))
    else:
        for one in claims:
            print(f"{one['claim']:<70} {one['value']:>12,} (goal {one['goal']:,}) {'holds' if one['holds'] else 'DOES NOT HOLD'}")
    return 0 if all(one["holds"] for one in claims) else 1


if __name__ == "__main__":
    sys.exit(main())
