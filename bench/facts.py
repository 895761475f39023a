"""Claim: everything that the analysis wants to know of a database with 1,000 tables is read in under a second.

The tables have ten columns, three indexes, a foreign key, a CHECK and a trigger each; every fourth has a view. PG_BINDIR chooses another
PostgreSQL than ours. Prints a line, with --json the claims; exit 0 when they hold.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from runner.engine.facts import read_facts
from runner.scratch_server import own_server

TABLES, AT_ONCE, TRIES = 1_000, 100, 5
GOAL = 1.0  # seconds
FUNCTION = "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
TABLE = """
CREATE TABLE t{n} (
    id bigserial PRIMARY KEY, a integer NOT NULL, b text, c varchar(20), d numeric(10, 2) CHECK (d > 0), e timestamptz DEFAULT now(),
    f uuid, g jsonb, h date, parent bigint REFERENCES t{before}
);
CREATE INDEX ON t{n} (a);
CREATE INDEX ON t{n} (b, lower(c));
CREATE TRIGGER touched BEFORE UPDATE ON t{n} FOR EACH ROW EXECUTE FUNCTION touch();
"""
VIEW = "CREATE VIEW v{n} AS SELECT id, a, b FROM t{n} WHERE a > 3;"


def build(connection: psycopg.Connection) -> None:
    connection.execute(FUNCTION)
    for first in range(0, TABLES, AT_ONCE):
        tables = (TABLE.format(n=n, before=max(n - 1, 0)) + (VIEW.format(n=n) if n % 4 == 0 else "") for n in range(first, first + AT_ONCE))
        connection.execute("".join(tables).encode())
    connection.execute("CREATE PUBLICATION news FOR ALL TABLES")
    connection.execute("ANALYZE")


def measure() -> tuple[float, str]:
    """Seconds, the best of some tries, and what was found: a reading that looks at nothing would be quick."""
    with own_server() as url, psycopg.connect(url, autocommit=True) as connection:
        build(connection)
        best = min(_once(connection) for _ in range(TRIES))
        facts = read_facts(connection, "bench")
    parts = {name: sum(len(getattr(table, name)) for table in facts.tables) for name in ("columns", "constraints", "indexes", "dependants")}
    return best, ", ".join(f"{count:,} {name}" for name, count in {"tables and views": len(facts.tables), **parts}.items())


def _once(connection: psycopg.Connection) -> float:
    began = time.perf_counter()
    read_facts(connection, "bench")
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    wants_json = parser.parse_args().json
    took, found = measure()
    what, holds = f"seconds to read the facts of {TABLES:,} tables", took < GOAL
    if wants_json:
        print(json.dumps({"claims": [{"claim": what, "value": round(took, 3), "goal": GOAL, "holds": holds}]}))
    else:
        print(f"{took:.3f} {what}: {found}")
        print(f"goal under {GOAL} s: {'holds' if holds else 'does not hold'}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
