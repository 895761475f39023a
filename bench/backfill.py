"""Claims: a backfill in batches keeps at least half the rate of one UPDATE, with two workers more than all of it, ten times that of
the loop that people write, and the clients beside it hardly notice.

All ways fill the same column of copies of one table, one after the other, on a server of their own with safe settings. The loop is
stopped after a minute and judged by its last quarter of one. Prints a table, with --json the claims; exit 0 when they hold.
"""

import argparse
import json
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._clients import SHARE, Waits, capacity, clients
from governance.digest import script_digest
from governance.orders import Limits, Manifest, Order, RunKind, Step, Wish
from governance.versions import read_script
from portal.embedded import EmbeddedServer
from runner.engine.execute import execute

SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "15min", "autovacuum": "off"}
FILL = "UPDATE public.bids SET cents = amount * 100"
LOOP = f"{FILL} WHERE id IN (SELECT id FROM public.bids WHERE cents IS NULL ORDER BY id LIMIT 1000)"
LOOP_SECONDS, JUDGED_SECONDS = 60.0, 15.0
TABLE = """
DROP SCHEMA IF EXISTS lockgate CASCADE;
DROP TABLE IF EXISTS public.bids, public.flyway_schema_history;
CREATE TABLE public.bids (id bigint, amount integer, note text, cents integer);
INSERT INTO public.bids SELECT n, n % 1000, 'bid ' || n, NULL FROM generate_series(1, {rows}) AS n;
ALTER TABLE public.bids ADD PRIMARY KEY (id);
"""


@dataclass(frozen=True)
class Claim:
    claim: str
    value: float
    goal: float
    holds: bool


def fresh(url: str, rows: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE.format(rows=rows).encode())
        connection.execute("VACUUM ANALYZE public.bids")
        connection.execute("CHECKPOINT")


def one_update(url: str, rows: int) -> float:
    fresh(url, rows)
    began = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL)
    return rows / (time.monotonic() - began)


def in_batches(url: str, rows: int, options: str) -> float:
    """Rows per second, the last pass that finds nothing included."""
    script = read_script("V20261122_0900__cents.sql", f"-- lockgate: batched {options}\n{FILL} WHERE cents IS NULL;\n")
    manifest = Manifest((script,), Limits(), "passed")
    run = str(uuid.uuid4())
    order = Order(run, RunKind.DEPLOY, "bench", "BENCH_URL", "", "bench", "bench", manifest, script_digest(manifest), None, "")

    def go_on(step: Step) -> Wish:
        return Wish.NONE

    began = time.monotonic()
    outcome = execute(order, url, go_on)
    if outcome.status != "succeeded":
        raise SystemExit(f"The backfill did not succeed: {outcome.message}")
    return rows / (time.monotonic() - began)


def loop(url: str, rows: int) -> float:
    fresh(url, rows)
    began, done = time.monotonic(), []
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() < began + LOOP_SECONDS and connection.execute(LOOP).rowcount:
            done.append(time.monotonic())
    judged = min(JUDGED_SECONDS, (done[-1] - began) / 2)
    return sum(1000 for moment in done if moment > done[-1] - judged) / judged


def beside_clients(url: str, rows: int) -> tuple[Waits, Waits]:
    """What clients wait when nothing goes on, and beside the backfill."""
    fresh(url, rows)
    rate = capacity(url, "public.bids", rows) * SHARE
    with clients(url, "public.bids", rows, rate) as quiet:
        time.sleep(10)
    with clients(url, "public.bids", rows, rate) as busy:
        in_batches(url, rows, "")
    return quiet, busy


def measure(rows: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        server = EmbeddedServer(Path(directory) / "server", settings=SETTINGS)
        server.start()
        try:
            found = {"one UPDATE, rows/s": one_update(server.url(), rows)}
            for name, options in (("in batches, rows/s", ""), ("in batches by two workers, rows/s", "workers=2")):
                fresh(server.url(), rows)
                found[name] = in_batches(server.url(), rows, options)
            found["the loop in its last seconds, rows/s"] = loop(server.url(), rows)
            quiet, busy = beside_clients(server.url(), rows)
            for name, waits in (("quiet", quiet), ("beside the backfill", busy)):
                found |= {f"{name}, p50 ms": waits.at(0.5) * 1000, f"{name}, p99 ms": waits.at(0.99) * 1000}
                found |= {f"{name}, worst ms": waits.worst * 1000, f"{name}, failed": len(waits.failures)}
            return found
        finally:
            server.destroy()


def claims(found: dict[str, float]) -> list[Claim]:
    whole, one = found["one UPDATE, rows/s"], found["in batches, rows/s"]
    shares = (
        ("rate in batches, share of one UPDATE's", one / whole, 0.5),
        ("rate with two workers, share of one UPDATE's", found["in batches by two workers, rows/s"] / whole, 1.1),
        ("rate in batches, times the loop's in its last seconds", one / found["the loop in its last seconds, rows/s"], 10.0),
    )
    p99 = found["beside the backfill, p99 ms"]
    bound = max(10.0, 10 * found["quiet, p99 ms"])
    made = [Claim(name, round(value, 3), goal, value >= goal) for name, value, goal in shares]
    made.append(Claim("p99 of clients beside it in ms, at most 10 or ten times quiet", round(p99, 3), round(bound, 3), p99 <= bound))
    failed = found["beside the backfill, failed"]
    return [*made, Claim("failed statements of clients", failed, 0, failed == 0)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=5_000_000)
    given = parser.parse_args()
    found = measure(given.rows)
    made = claims(found)
    if given.json:
        print(json.dumps({"claims": [vars(claim) for claim in made]}))
    else:
        for name, value in found.items():
            print(f"{name:<40} {value:14,.1f}")
        for claim in made:
            print(f"{claim.claim}: {claim.value}, goal {claim.goal}: {'holds' if claim.holds else 'does not hold'}")
    return 0 if all(claim.holds for claim in made) else 1


if __name__ == "__main__":
    sys.exit(main())
