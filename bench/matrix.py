"""Claim: the cells of 50 client releases with 50 backend releases are derived from 2,000 changes in under 2 seconds.

Half the clients have a contract that names all they use; of the others only some use was seen, so every change that could concern them
has to be weighed. Prints a table, with --json the claims; exit 0 when they hold.
"""

import argparse
import json
import random
import sys
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from governance.matrix import ApiVersion, Client, Compatibility, Derivation, Effect, Part, Step, Use

CHANGES, CLIENTS, BACKENDS = 2_000, 50, 50
GOAL = 2.0  # seconds
TABLES, COLUMNS, USES = 120, 12, 60
TODAY = date(2026, 11, 24)
USUAL = [effect for effect in Effect if effect is not Effect.OPAQUE]


def some_column(chance: random.Random) -> str:
    return f"public.table_{chance.randrange(TABLES)}.column_{chance.randrange(COLUMNS)}"


def some_steps(chance: random.Random) -> list[Step]:
    return [
        Step(
            f"CHG-{number}",
            chance.choice(USUAL),
            chance.choice(tuple(Part)),
            frozenset({some_column(chance)}),
            frozenset({some_column(chance)}) if number % 10 == 0 else frozenset(),
            place=number * BACKENDS // CHANGES,
            in_sync=chance.random() < 0.5,
        )
        for number in range(CHANGES)
    ]


def some_clients(chance: random.Random) -> list[Client]:
    return [
        Client(
            "App",
            f"{number}.0",
            tuple(Use(some_column(chance), True, chance.random() < 0.5) for _ in range(USES)),
            complete=number % 2 == 0,
            strict=number % 3 == 0,
            api=ApiVersion("1", None, frozenset({f"CHG-{chance.randrange(CHANGES)}"})),
            place=number * BACKENDS // CLIENTS,
        )
        for number in range(CLIENTS)
    ]


def measure() -> tuple[float, dict[str, int]]:
    """Seconds, and how many cells have each verdict: a derivation that looks at nothing would have one word for all."""
    chance = random.Random(10)
    steps, clients = some_steps(chance), some_clients(chance)
    began = time.perf_counter()
    derivation = Derivation(steps, TODAY)
    cells = [cell for client in clients for cell in derivation.row(client, {}, BACKENDS)]
    took = time.perf_counter() - began
    return took, {str(verdict): sum(cell.verdict is verdict for cell in cells) for verdict in Compatibility}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    wants_json = parser.parse_args().json
    took, verdicts = measure()
    what = f"seconds to derive {CHANGES:,} changes × {CLIENTS} clients × {BACKENDS} backends"
    holds = took < GOAL and sum(verdicts.values()) == CLIENTS * BACKENDS
    if wants_json:
        print(json.dumps({"claims": [{"claim": what, "value": round(took, 3), "goal": GOAL, "holds": holds}]}))
    else:
        print(f"{took:.3f} {what}; {', '.join(f'{count} {verdict}' for verdict, count in verdicts.items())}")
        print(f"goal under {GOAL} s: {'holds' if holds else 'does not hold'}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
