"""Claim: behind a long transaction, others wait for a change at most a quarter of the time that the plain ALTER TABLE costs them.

A reader keeps a transaction open on the table; the change wants an ACCESS EXCLUSIVE lock and queues; every later query queues
behind the change. Both ways are measured in one run, on a server of their own. Prints a table, with --json the claims; exit 0
when they hold.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from governance.digest import script_digest
from governance.orders import Limits, Manifest, Order, RunKind, Step, Wish
from governance.versions import read_script
from portal.embedded import UNSAFE_FAST, EmbeddedServer
from runner.engine.execute import execute

HOLD = 4.0  # seconds that the long transaction lasts
GOAL = 0.25  # of the wait that the plain statement causes
ALTER = "ALTER TABLE public.bids ADD COLUMN level integer"
NAME = "V20261122_0900__add_level.sql"


def worst_wait(url: str, change: Callable[[], object]) -> float:
    """The longest that one of many short queries waited while the change was made behind a long transaction."""
    waits: list[float] = []
    done = threading.Event()

    def read() -> None:
        with psycopg.connect(url, autocommit=True) as client:
            while not done.is_set():
                began = time.monotonic()
                client.execute("SELECT count(*) FROM public.bids WHERE id = 7")
                waits.append(time.monotonic() - began)
                time.sleep(0.005)

    with psycopg.connect(url) as holder:
        holder.execute("SELECT 1 FROM public.bids LIMIT 1")
        reader, changer = threading.Thread(target=read), threading.Thread(target=change)
        reader.start()
        changer.start()
        time.sleep(HOLD)
        holder.rollback()
    changer.join()
    done.set()
    reader.join()
    return max(waits)


def plain(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ALTER)


def through_lockgate(url: str) -> None:
    manifest = Manifest((read_script(NAME, f"{ALTER};\n"),), Limits(), "passed")
    run = str(uuid.uuid4())
    order = Order(run, RunKind.DEPLOY, "bench", "BENCH_URL", "", "bench", "bench", manifest, script_digest(manifest), None, "")

    def go_on(step: Step) -> Wish:
        return Wish.NONE

    outcome = execute(order, url, go_on)
    if outcome.status != "succeeded":
        raise SystemExit(f"The change did not succeed: {outcome.message}")


def measure() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        server = EmbeddedServer(Path(directory) / "server", settings=UNSAFE_FAST)
        server.start()
        try:
            waits = {}
            for name, change in (("plain ALTER TABLE", plain), ("the same through Lockgate", through_lockgate)):
                with psycopg.connect(server.url(), autocommit=True) as connection:
                    connection.execute("DROP TABLE IF EXISTS public.bids; DROP TABLE IF EXISTS public.flyway_schema_history")
                    connection.execute("CREATE TABLE public.bids AS SELECT generate_series(1, 100000) AS id")
                waits[name] = worst_wait(server.url(), lambda change=change: change(server.url()))
            return waits
        finally:
            server.destroy()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    waits = measure()
    before, after = waits.values()
    share = round(after / before, 3)
    claim = {"claim": "worst wait behind a long transaction, share of the plain one", "value": share, "goal": GOAL, "holds": share <= GOAL}
    if parser.parse_args().json:
        print(json.dumps({"claims": [claim]}))
    else:
        for name, seconds in waits.items():
            print(f"{name:<28} worst wait {seconds:6.3f} s")
        print(f"share {share}, goal at most {GOAL}: {'holds' if claim['holds'] else 'does not hold'}")
    return 0 if claim["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
