"""Claims: the full checksum of five million rows, with four bytes of each row's hash kept so that rows can be named, takes at most ten
times what `SELECT count(*)` on the same table takes in the same run; two tables are compared at least three times as fast as by reladiff;
and one changed value among all rows is named, before and after as well as between two tables.

reladiff is installed into a temporary environment of its own (`pip install reladiff[postgresql]`), or found by --reladiff; without it
nothing can be compared, and the claim about it does not hold. Prints a table, with --json the claims; exit 0 when all hold.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from governance.orders import Verdict
from governance.validation import Builtin
from governance.validation.uses import make
from portal.embedded import EmbeddedServer
from runner.engine import verify

SETTINGS = {"shared_buffers": "2GB", "max_wal_size": "8GB", "fsync": "off", "autovacuum": "off", "checkpoint_timeout": "30min"}
ROUNDS, TIMES_COUNT, TIMES_PEER = 3, 10.0, 3.0
PLANTED = 3_141_592
TABLE = """
CREATE TABLE public.bids (id bigint, project_id integer, amount numeric(12, 2), status text, note text, at timestamptz);
INSERT INTO public.bids SELECT n, n % 1000000, (n % 100000) / 100.0, (ARRAY['open', 'won', 'lost'])[1 + n % 3],
    'bid number ' || n || ' ' || md5(n::text), '2026-01-01 UTC'::timestamptz + n * interval '1 second' FROM generate_series(1, {rows}) AS n;
ALTER TABLE public.bids ADD PRIMARY KEY (id);
CREATE TABLE public.bids_new (LIKE public.bids INCLUDING ALL);
INSERT INTO public.bids_new SELECT * FROM public.bids ORDER BY id;
UPDATE public.bids_new SET amount = amount + 0.01 WHERE id IN ({planted}, {planted} / 2);
DELETE FROM public.bids_new WHERE id = {planted} / 3;
"""
CHECKSUM, SAME = make(Builtin.CHECKSUM, "public.bids"), make(Builtin.SAME, "public.bids", detail="public.bids_new")


@dataclass(frozen=True)
class Claim:
    claim: str
    value: float
    goal: float
    holds: bool


@dataclass(frozen=True)
class Target:
    connection: psycopg.Connection


def fastest(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    took = []
    for _ in range(rounds):
        began = time.monotonic()
        run()
        took.append(time.monotonic() - began)
    return min(took)


def peer(given: str, home: Path) -> str:
    """The program; "" when it cannot be had."""
    if given:
        return given
    made = subprocess.run([sys.executable, "-m", "venv", home], capture_output=True, check=False)
    pip = (
        home / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "reladiff[postgresql]",
        "setuptools<81",
    )
    if made.returncode or subprocess.run(pip, check=False).returncode:
        return ""
    return str(home / "bin" / "reladiff")


def by_peer(program: str, url: str, differences: int) -> None:
    command = [program, url, "public.bids", "public.bids_new", "-k", "id", "-c", "project_id", "-c", "amount", "-c", "status", "-c", "note"]
    done = subprocess.run([*command, "-c", "at"], capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line[:1] in "+-"]
    if len(lines) != differences:
        raise SystemExit(f"reladiff found {len(lines)} differing lines instead of {differences}: {done.stderr[-500:]}")


def measure(rows: int, given: str) -> dict[str, float]:
    planted = min(PLANTED, rows - 1)
    with tempfile.TemporaryDirectory() as directory:
        program = peer(given, Path(directory) / "peer")
        server = EmbeddedServer(Path(directory) / "server", settings=SETTINGS)
        server.start()
        try:
            with psycopg.connect(server.url(), autocommit=True) as connection:
                for statement in TABLE.format(rows=rows, planted=planted).split(";\n"):
                    connection.execute(statement.encode())
                connection.execute("VACUUM ANALYZE")
                return measured(Target(connection), server.url(), program, planted)
        finally:
            server.destroy()


def measured(target: Target, url: str, program: str, planted: int) -> dict[str, float]:
    connection = target.connection
    found = {"count(*), s": fastest(lambda: connection.execute("SELECT count(*) FROM public.bids"), 5)}
    found["checksum that keeps what it needs to name rows, s"] = fastest(lambda: verify.baseline(target, [CHECKSUM]))
    before = verify.baseline(target, [CHECKSUM])
    found["checksum again, nothing differs, s"] = fastest(lambda: verify.verify(target, [CHECKSUM], before))
    record = "SELECT sum(hash_record_extended(bids, 0)) FROM public.bids"
    found["hash of the whole record in one statement, s"] = fastest(lambda: connection.execute(record))
    found["two tables, three differences, s"] = fastest(lambda: verify.verify(target, [SAME], {}))
    [same] = verify.verify(target, [SAME], {})
    found["two tables: rows named rightly"] = set(same.sample) == {str(planted), str(planted // 2), str(planted // 3)}
    if program:
        found["two tables by reladiff, s"] = fastest(lambda: by_peer(program, url, 5), 2)
    connection.execute("UPDATE public.bids SET note = left(note, -1) WHERE id = %s", [planted])
    [changed] = verify.verify(target, [CHECKSUM], before)
    found["one changed value named"] = changed.verdict is Verdict.FAILED and changed.sample == (str(planted),)
    return found


def claims(found: dict[str, float]) -> list[Claim]:
    times = found["checksum that keeps what it needs to name rows, s"] / found["count(*), s"]
    again = found["checksum again, nothing differs, s"] / found["count(*), s"]
    slow = found.get("two tables by reladiff, s", 0.0)
    faster = slow / found["two tables, three differences, s"]
    named = found["one changed value named"] and found["two tables: rows named rightly"]
    return [
        Claim("full checksum, times count(*), at most", round(times, 2), TIMES_COUNT, times <= TIMES_COUNT),
        Claim("comparison afterwards, times count(*), at most", round(again, 2), TIMES_COUNT, again <= TIMES_COUNT),
        Claim("two tables, times as fast as reladiff", round(faster, 2), TIMES_PEER, faster >= TIMES_PEER),
        Claim("one changed value is named", float(named), 1, bool(named)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--reladiff", default="", help="the program, if it is installed already")
    given = parser.parse_args()
    found = measure(given.rows, given.reladiff)
    made = claims(found)
    if given.json:
        print(json.dumps({"claims": [vars(claim) for claim in made]}))
    else:
        for name, value in found.items():
            print(f"{name:<55} {float(value):10.3f}")
        for claim in made:
            print(f"{claim.claim}: {claim.value}, goal {claim.goal}: {'holds' if claim.holds else 'does not hold'}")
    return 0 if all(claim.holds for claim in made) else 1


if __name__ == "__main__":
    sys.exit(main())
