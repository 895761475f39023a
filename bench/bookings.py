"""Claim: with 500 windows and 20,000 bookings, month, week and agenda answer within 150 ms (median) and at most 15 queries, and the
next slot within 90 days is found in 50 ms.

The bookings are rows of copies of one change, over three years on 40 targets; half of the windows recur. Each page is asked several
times in turn through the whole stack of middleware, without a network. Prints a table, with --json the claims; exit 0 when they hold.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

os.environ |= {"DJANGO_SETTINGS_MODULE": "portal.settings", "LOG_LEVEL": "WARNING"}

import django

django.setup()

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from bench.pages import measure, portal
from governance.models import Booking, Deployment, Environment, Phase, Spec, Target, Window
from governance.openings import first_slot
from tests.world import make_world

WINDOWS, BOOKINGS, TARGETS = 500, 20_000, 40
YEARS = 3  # over which the bookings lie: two behind, one to come
MOST_SECONDS, MOST_QUERIES, MOST_SLOT = 0.150, 15, 0.050
RULES = ("FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=1SA", "FREQ=MONTHLY;BYMONTHDAY=-1")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Sydney")
VIEWS = {"month": "/calendar/", "week": "/calendar/?view=week", "agenda": "/calendar/?view=agenda"}
ROUNDS = 9
HOUR = timedelta(hours=1)


def fill() -> None:
    """Straight into the tables: what is measured is reading."""
    make_world()
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        production, author = Environment.objects.get(production=True), User.objects.get(username="otto")
        targets = Target.objects.bulk_create(
            Target(environment=production, name=f"shard_{number}", connection="SHARD_URL") for number in range(TARGETS)
        )
        windows = Window.objects.bulk_create(_window(number, production, targets, now) for number in range(WINDOWS))
        specs = Spec.objects.bulk_create(Spec(title=f"Booked change {number}", author=author) for number in range(BOOKINGS // TARGETS))
        phases = Phase.objects.bulk_create(Phase(spec=spec, stage=9, risk="low") for spec in specs)
        Deployment.objects.bulk_create(Deployment(phase=phase, target=target) for phase in phases for target in targets)
        Booking.objects.bulk_create(
            _booking(position, phase, target, windows, author, now) for position, phase in enumerate(phases) for target in targets
        )
        _analyse(cursor, phases, targets)
    connection.cursor().execute("VACUUM ANALYZE")


def _window(number: int, production: Environment, targets: list[Target], now: datetime) -> Window:
    """Half of them recur since two years; half of all are of one target."""
    recurs, starts = number % 2 == 0, now - timedelta(days=730) + number * HOUR
    once = now - timedelta(days=60) + number * 6 * HOUR
    scope = {"target": targets[number % TARGETS]} if number % 4 < 2 else {"environment": production}
    return Window(
        **scope,
        name=f"Window {number}",
        kind="blackout" if number % 10 == 0 else "maintenance",
        tier=("hard", "soft", "advisory")[number % 3],
        starts=starts if recurs else once,
        ends=(starts if recurs else once) + 4 * HOUR,
        rule=RULES[number // 2 % len(RULES)] if recurs else "",
        zone=ZONES[number % len(ZONES)],
        capacity=100,
    )


def _booking(position: int, phase: Phase, target: Target, windows: list[Window], author: User, now: datetime) -> Booking:
    step = timedelta(days=365 * YEARS) / (BOOKINGS // TARGETS)
    starts = now - timedelta(days=730) + position * step + (target.pk % 24) * HOUR
    window = windows[(position + target.pk) % WINDOWS]
    return Booking(phase=phase, target=target, window=window, starts=starts, ends=starts + HOUR, booked_by=author)


def _analyse(cursor: object, phases: list[Phase], targets: list[Target]) -> None:
    """A report and facts of each pair that is near the present: those are the ones that a forecast is drawn for."""
    near = [phase.pk for phase in phases[len(phases) // 2 :]]
    keys = [target.pk for target in targets]
    cursor.execute(  # type: ignore[attr-defined]
        """
        INSERT INTO governance_analysis (phase_id, target_id, digest, facts_at, change_class, category, bump, risk, sentence, report, at)
        SELECT phase, target, '', now(), change_class, category, bump, risk, sentence, report, now()
        FROM (SELECT * FROM governance_analysis WHERE target_id IS NOT NULL ORDER BY id LIMIT 1) AS one,
            unnest(%s::bigint[]) AS phase, unnest(%s::bigint[]) AS target
        """,
        [near, keys],
    )
    cursor.execute(  # type: ignore[attr-defined]
        """
        INSERT INTO governance_observation (id, status, requested_at, message, facts, target_id)
        SELECT gen_random_uuid(), 'succeeded', now(), '', facts, target
        FROM (SELECT facts FROM governance_observation WHERE facts IS NOT NULL LIMIT 1) AS one, unnest(%s::bigint[]) AS target
        """,
        [keys],
    )


def timed(call: Callable[[], object]) -> float:
    """Median seconds; the first call fills caches, as it does in a portal that runs."""
    call()
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def measure_all() -> tuple[dict[str, tuple[float, int]], float]:
    """Median seconds and queries of each view; median seconds of the next slot."""
    client = Client()
    client.force_login(User.objects.get(username="otto"))
    views = {name: measure(client, address) for name, address in VIEWS.items()}
    target, now = Target.objects.select_related("environment").get(name="shard_7"), timezone.now()
    return views, timed(lambda: first_slot([target], 2 * HOUR, now))


def claims(views: dict[str, tuple[float, int]], slot: float) -> list[dict[str, object]]:
    slowest = max(views, key=lambda name: views[name][0])
    greediest = max(views, key=lambda name: views[name][1])
    found = [
        (
            f"median seconds of the slowest view with {WINDOWS} windows and {BOOKINGS:,} bookings ({slowest})",
            views[slowest][0],
            MOST_SECONDS,
        ),
        (f"queries of the view that asks most ({greediest})", views[greediest][1], MOST_QUERIES),
        ("median seconds to the next slot within 90 days", slot, MOST_SLOT),
    ]
    return [{"claim": text, "value": round(value, 3), "goal": goal, "holds": value <= goal} for text, value, goal in found]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with portal(fill), override_settings(ALLOWED_HOSTS=["testserver"]):
        views, slot = measure_all()
    made = claims(views, slot)
    if asked.json:
        print(json.dumps({"claims": made}))
    else:
        for name, (seconds, queries) in views.items():
            print(f"{1000 * seconds:7.0f} ms {queries:4} queries  {name}")
        print(f"{1000 * slot:7.0f} ms               next slot")
        for claim in made:
            print(f"{claim['claim']}: {claim['value']}, goal at most {claim['goal']}: {'holds' if claim['holds'] else 'does not hold'}")
    return 0 if all(claim["holds"] for claim in made) else 1


if __name__ == "__main__":
    sys.exit(main())
