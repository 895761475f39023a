"""Orders and progress for tests of the engine."""

import uuid
from dataclasses import replace
from typing import Any

from governance.digest import script_digest
from governance.orders import Limits, Manifest, Order, RunKind, Step, Wish
from governance.versions import read_script

QUICK = Limits(lock_timeout=0.2, statement_timeout=10, online_timeout=20, attempts=3, first_pause=0.05, longest_pause=0.1, patience=0.1)


def make_manifest(scripts: dict[str, str], limits: Limits = QUICK) -> Manifest:
    """From name to text."""
    return Manifest(tuple(read_script(name, text) for name, text in scripts.items()), limits, "passed")


def make_order(scripts: dict[str, str], *, limits: Limits = QUICK, **changes: Any) -> Order:
    manifest = make_manifest(scripts, limits)
    order = Order(
        run=str(uuid.uuid4()),
        kind=RunKind.DEPLOY,
        target="instabids_staging",
        connection="INSTABIDS_STAGING_URL",
        role="",
        environment="staging",
        actor="olga.operator",
        manifest=manifest,
        script_digest=script_digest(manifest),
        release=None,
        release_digest="",
    )
    return replace(order, **changes)


class Portal:
    """Remembers what it is told, and wants what it is told to want at a step's position."""

    def __init__(self, wishes: dict[int, Wish] | None = None) -> None:
        self.wishes = wishes or {}
        self.told: list[Step] = []

    def __call__(self, step: Step) -> Wish:
        self.told.append(step)
        return self.wishes.get(step.position, Wish.NONE)
