"""Claims: while ten representative changes are made, no statement of a client fails, none waits longer than 800 ms, and the worst
wait is at most a fifth of what the same changes cost as plain scripts.

Eight clients read and write a table of two million rows at a third of what the machine can serve. Both ways are measured in one
run, on a server of their own with safe settings, each change with new clients. Prints a table, with --json the claims; exit 0 when
they hold.
"""

import argparse
import json
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._clients import SHARE, Waits, capacity, clients
from governance.analysis.rules import RULES
from governance.digest import script_digest
from governance.orders import Limits, Manifest, Order, RunKind, Step, Wish
from governance.versions import read_script
from portal.embedded import EmbeddedServer
from runner.engine.execute import execute

SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "15min"}
QUIET = 10.0  # seconds
SET_UP = """
DROP SCHEMA IF EXISTS lockgate CASCADE;
DROP VIEW IF EXISTS public.offers;
DROP TABLE IF EXISTS public.bids, public.owners, public.bid_notes, public.flyway_schema_history;
CREATE TABLE public.owners (id integer PRIMARY KEY);
INSERT INTO public.owners SELECT generate_series(1, 1000);
CREATE TABLE public.bids (id bigint, amount integer, owner integer, note text, legacy text);
INSERT INTO public.bids SELECT n, n % 1000, 1 + n % 1000, 'bid ' || n, 'old' FROM generate_series(1, {rows}) AS n;
ALTER TABLE public.bids ADD PRIMARY KEY (id);
ANALYZE;
"""
SHADOW = """
ALTER TABLE bids ADD COLUMN amount_new bigint;
CREATE FUNCTION bids_amount() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.amount_new := NEW.amount; RETURN NEW; END $$;
CREATE TRIGGER bids_amount BEFORE INSERT OR UPDATE ON bids FOR EACH ROW EXECUTE FUNCTION bids_amount();
"""
SWAP = """
DROP TRIGGER bids_amount ON bids;
ALTER TABLE bids RENAME COLUMN amount TO amount_old;
ALTER TABLE bids RENAME COLUMN amount_new TO amount;
DROP FUNCTION bids_amount;
"""
# Of each change the plain script, and those that go through Lockgate.
CHANGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "add column": ("ALTER TABLE bids ADD COLUMN level integer", ("ALTER TABLE bids ADD COLUMN level integer;",)),
    "add not null": (
        "ALTER TABLE bids ALTER owner SET NOT NULL",
        (
            "ALTER TABLE bids ADD CONSTRAINT owner_given CHECK (owner IS NOT NULL) NOT VALID;",
            "ALTER TABLE bids VALIDATE CONSTRAINT owner_given;",
            "ALTER TABLE bids ALTER owner SET NOT NULL;\nALTER TABLE bids DROP CONSTRAINT owner_given;",
        ),
    ),
    "add foreign key": (
        "ALTER TABLE bids ADD CONSTRAINT of_owner FOREIGN KEY (owner) REFERENCES owners",
        (
            "ALTER TABLE bids ADD CONSTRAINT of_owner FOREIGN KEY (owner) REFERENCES owners NOT VALID;",
            "ALTER TABLE bids VALIDATE CONSTRAINT of_owner;",
        ),
    ),
    "change type": (
        "ALTER TABLE bids ALTER amount TYPE bigint",
        (SHADOW, "-- lockgate: batched\nUPDATE bids SET amount_new = amount WHERE amount_new IS NULL;", SWAP),
    ),
    "index": ("CREATE INDEX bids_owner ON bids (owner)", ("CREATE INDEX CONCURRENTLY bids_owner ON bids (owner);",)),
    "rename": (
        "ALTER TABLE bids RENAME COLUMN note TO remark",
        ("CREATE VIEW offers AS SELECT id, amount, owner, note AS remark FROM bids;",),
    ),
    "backfill": (
        "UPDATE bids SET level = amount % 7",
        ("-- lockgate: batched\nUPDATE bids SET level = amount % 7 WHERE level IS NULL;",),
    ),
    "drop column": ("ALTER TABLE bids DROP COLUMN legacy", ("ALTER TABLE bids DROP COLUMN legacy;",)),
    "add check": (
        "ALTER TABLE bids ADD CONSTRAINT positive CHECK (amount >= 0)",
        (
            "ALTER TABLE bids ADD CONSTRAINT positive CHECK (amount >= 0) NOT VALID;",
            "ALTER TABLE bids VALIDATE CONSTRAINT positive;",
        ),
    ),
    "split table": (
        "BEGIN; LOCK TABLE bids IN SHARE MODE; CREATE TABLE bid_notes AS SELECT id, owner FROM bids; "
        "ALTER TABLE bid_notes ADD PRIMARY KEY (id); COMMIT",
        (
            "CREATE TABLE bid_notes (id bigint PRIMARY KEY, owner integer);",
            "-- lockgate: batched\nINSERT INTO bid_notes SELECT id, owner FROM bids ON CONFLICT DO NOTHING;",
        ),
    ),
}

# What the later plain changes and the clients' own words need again.
UNDONE = {"rename": "ALTER TABLE bids RENAME COLUMN remark TO note"}


def plain(url: str, text: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text.encode())


def through_lockgate(url: str, number: int, texts: tuple[str, ...]) -> None:
    scripts = tuple(read_script(f"V202611{number:02}_09{part:02}__part.sql", f"{text}\n") for part, text in enumerate(texts))
    manifest = Manifest(scripts, Limits(), "passed")
    known = frozenset(rule.code for rule in RULES)
    run = str(uuid.uuid4())
    order = Order(
        run, RunKind.DEPLOY, "bench", "BENCH_URL", "", "bench", "bench", manifest, script_digest(manifest), None, "", known_blockers=known
    )

    def go_on(step: Step) -> Wish:
        return Wish.NONE

    outcome = execute(order, url, go_on)
    if outcome.status != "succeeded":
        raise SystemExit(f"The change did not succeed: {outcome.message}")


def measured(url: str, rows: int, rate: float, change: Callable[[], None]) -> Waits:
    with clients(url, "public.bids", rows, rate) as waits:
        change()
        time.sleep(0.5)
    return waits


def measure(rows: int) -> dict[str, dict[str, Waits]]:
    """By change, and by way; and what clients wait when nothing goes on."""
    with tempfile.TemporaryDirectory() as directory:
        server = EmbeddedServer(Path(directory) / "server", settings=SETTINGS)
        server.start()
        try:
            url = server.url()
            plain(url, SET_UP.format(rows=rows))
            rate = capacity(url, "public.bids", rows) * SHARE
            found = {"quiet": {"quiet": measured(url, rows, rate, lambda: time.sleep(QUIET))}}
            for number, (name, (_text, texts)) in enumerate(CHANGES.items(), 1):
                found[name] = {"lockgate": measured(url, rows, rate, lambda n=number, t=texts: through_lockgate(url, n, t))}
            plain(url, SET_UP.format(rows=rows))
            for name, (text, _texts) in CHANGES.items():
                found[name]["plain"] = measured(url, rows, rate, lambda t=text: plain(url, t))
                plain(url, UNDONE.get(name, ""))
            return found
        finally:
            server.destroy()


def claims(found: dict[str, dict[str, Waits]]) -> list[dict[str, object]]:
    ours = [ways["lockgate"] for ways in found.values() if "lockgate" in ways]
    worst, plainly = (max(waits.worst for waits in each) for each in (ours, [ways["plain"] for ways in found.values() if "plain" in ways]))
    quiet = found["quiet"]["quiet"].at(0.99)
    p99, bound = max(waits.at(0.99) for waits in ours), max(0.010, 10 * quiet)
    failed = sum(len(waits.failures) for waits in ours)
    made = (
        ("failed statements of clients", failed, 0, failed == 0),
        ("worst wait of a client in ms", worst * 1000, 800, worst <= 0.8),
        ("p99 of the worst change in ms, at most 10 or ten times quiet", p99 * 1000, bound * 1000, p99 <= bound),
        ("worst wait of the plain scripts, times ours", plainly / worst, 5, plainly >= 5 * worst),
    )
    return [{"claim": name, "value": round(value, 3), "goal": round(goal, 3), "holds": holds} for name, value, goal, holds in made]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=2_000_000)
    given = parser.parse_args()
    found = measure(given.rows)
    made = claims(found)
    if given.json:
        print(json.dumps({"claims": made}))
    else:
        for name, ways in found.items():
            for way, waits in ways.items():
                times = " ".join(f"{label} {value * 1000:8.1f}" for label, value in _figures(waits))
                print(f"{name:<16} {way:<9} {times} ms, {len(waits.seconds):6} statements, {len(waits.failures):5} failed")
        for claim in made:
            print(f"{claim['claim']}: {claim['value']}, goal {claim['goal']}: {'holds' if claim['holds'] else 'does not hold'}")
    return 0 if all(claim["holds"] for claim in made) else 1


def _figures(waits: Waits) -> tuple[tuple[str, float], ...]:
    return ("p50", waits.at(0.5)), ("p99", waits.at(0.99)), ("worst", waits.worst)


if __name__ == "__main__":
    sys.exit(main())
