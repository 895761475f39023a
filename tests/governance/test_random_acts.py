"""Random acts of random people, in any order: nothing reaches production without the evidence that policy asks for.

`ACTS=5000 pytest tests/governance/test_random_acts.py` tries many more.
"""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction

from governance import handoff, workflow
from governance.case import load
from governance.emergency import Skip
from governance.errors import Refusal
from governance.lifecycle import Role, Stage, evidence
from governance.models import Approval, BreakGlass, Observation, Phase, Rehearsal, Run, Spec
from governance.orders import Observed, Rehearsed, RunKind, RunStatus, Verdict
from governance.policy import ApprovalKind
from tests import factories

ACTS = int(os.environ.get("ACTS", "32"))
SEEDS = range(max(1, ACTS // 32))
BEFORE_PRODUCTION = [stage for stage in Stage if stage < Stage.PRODUCTION_DEPLOYMENT]
FRESHNESS = "Analysis on today's facts of every target"


class World:
    """One change and a crowd, of whom some have several roles. Whoever is asked does what came up, and is refused or not."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        factories.make_targets()
        cast = factories.make_cast()
        self.people = [cast.engineer, cast.reviewer, cast.second_reviewer, cast.stakeholder, cast.operator, cast.auditor]
        for name in ("max", "mia"):
            person = factories.make_user(name, *self.dice.sample(list(Role), 3))
            self.people.append(person)
        self.spec = factories.make_spec(cast)
        self.done: list[str] = []
        self.lucky = False  # the runner fails at nothing

    @property
    def phase(self) -> Phase:
        return factories.phase_of(self.spec)

    def deployment(self):
        return factories.on(self.phase, production=self.dice.random() < 0.5)

    def chance(self, well: Any, badly: Any) -> Any:
        return well if self.lucky else self.dice.choice([well, well, badly])

    def act(self) -> None:
        """A person tries one thing; the runner sometimes works."""
        name, doing = self.dice.choice(list(POSSIBLE.items()))
        try:
            with transaction.atomic():
                doing(self, self.dice.choice(self.people))
        except Refusal:
            return
        self.done.append(name)


def approve(world: World, person: User, kind: ApprovalKind | None = None) -> None:
    kind = kind or world.dice.choice(list(ApprovalKind))
    workflow.approve(actor=person, phase=world.phase, kind=kind, digest=workflow.digest_for(world.phase, kind))


def reject(world: World, person: User) -> None:
    kind = world.dice.choice(list(ApprovalKind))
    workflow.reject(actor=person, phase=world.phase, kind=kind, digest=workflow.digest_for(world.phase, kind), reason="No.")


def edit(world: World, person: User) -> None:
    factories.edit(person, world.phase, text=factories.FORWARD + f"-- thought {world.dice.randint(1, 3)}\n")


def book(world: World, person: User) -> None:
    target = factories.on(world.phase, production=True).target
    workflow.book(actor=person, phase=world.phase, target=target, window=factories.make_window(target))


def break_glass(world: World, person: User) -> None:
    skips = world.dice.sample(list(Skip), world.dice.randint(0, len(Skip)))
    workflow.break_glass(actor=person, phase=world.phase, reason="Fire.", incident="INC-1", skips=skips)


def end_emergency(world: World, person: User) -> None:
    if row := BreakGlass.objects.filter(ended_at=None).first():
        workflow.end_emergency(actor=person, emergency=row)


def change_roles(world: World, person: User) -> None:
    """Somebody loses or gets a role: approvals of people without theirs stop counting."""
    person.groups.set([Group.objects.get(name=role) for role in world.dice.sample(list(Role), 2)])


def work(world: World, person: User) -> None:
    """The runner does everything that waits, well or badly."""
    for kind, key in handoff.due():
        claim = handoff.claim(kind, key)
        if claim is None:
            continue
        if kind == "observe":
            handoff.finish_observation(claim, Observed(factories.facts(Observation.objects.get(pk=key).target.name)))
        elif kind == "rehearse":
            handoff.finish_rehearsal(claim, Rehearsed(world.chance(Verdict.PASSED, Verdict.FAILED), (), message=""))
        else:
            check_run(Run.objects.get(pk=key))
            status = world.chance(RunStatus.SUCCEEDED, RunStatus.FAILED_CLEAN)
            undone = RunStatus.ROLLED_BACK if Run.objects.get(pk=key).kind == RunKind.ROLLBACK else status
            handoff.finish_run(claim, factories.outcome(undone))


def check_run(run: Run) -> None:
    """What the runner was just let do in production rests on all the evidence, or on what an emergency named."""
    if run.kind != RunKind.DEPLOY or not run.target.environment.production:
        return
    case = load(run.deployment.phase_id)
    dossier = factories.dossier(case.phase)
    lacking = [piece.text for stage in BEFORE_PRODUCTION for piece in evidence(stage, dossier) if piece.lacking]
    assert [text for text in lacking if text != FRESHNESS] == []
    counted = {(voice.kind, voice.person) for voice in case.accord.voices}
    assert not {person for _, person in counted} & set(case.wrote)
    assert any(kind == ApprovalKind.TECHNICAL for kind, _ in counted)
    if not (case.emergency and Skip.REHEARSAL in case.emergency.skips):
        assert Rehearsal.objects.filter(phase=case.phase, digest=case.content, verdict=Verdict.PASSED).exists()
    if not (case.emergency and Skip.BUSINESS in case.emergency.skips):
        assert any(kind == ApprovalKind.BUSINESS for kind, _ in counted)


POSSIBLE: dict[str, Callable[[World, User], object]] = {
    "approve": approve,
    "approve again": approve,
    "reject": reject,
    "edit": edit,
    "analyse": lambda world, person: workflow.request_analysis(actor=person, phase=world.phase),
    "rehearse": lambda world, person: workflow.request_rehearsal(actor=person, phase=world.phase),
    "start": lambda world, person: workflow.start(actor=person, deployment=world.deployment()),
    "dry run": lambda world, person: workflow.start(
        actor=person, deployment=factories.on(world.phase, production=True), kind=RunKind.DRY_RUN
    ),
    "roll back": lambda world, person: workflow.roll_back(actor=person, deployment=world.deployment(), reason="Back."),
    "book": book,
    "advance": lambda world, person: workflow.advance(actor=person, phase=world.phase),
    "go back": lambda world, person: workflow.go_back(
        actor=person, phase=world.phase, stage=world.dice.choice(list(Stage)), reason="Again."
    ),
    "break the glass": break_glass,
    "end the emergency": end_emergency,
    "change roles": change_roles,
    "work": work,
    "work again": work,
    "work on": work,
}
WAY: dict[str, Callable[[World, User], object]] = {
    **POSSIBLE,
    "approve technically": lambda world, person: approve(world, person, ApprovalKind.TECHNICAL),
    "approve for production": lambda world, person: approve(world, person, ApprovalKind.BUSINESS),
    "start below": lambda world, person: workflow.start(actor=person, deployment=factories.on(world.phase, production=False)),
    "start in production": lambda world, person: workflow.start(actor=person, deployment=factories.on(world.phase, production=True)),
}
FORTH = (  # the way, each act with the role that it takes
    ("work", Role.ENGINEER), ("rehearse", Role.ENGINEER), ("work", Role.ENGINEER), ("approve technically", Role.REVIEWER),
    ("start below", Role.OPERATOR), ("work", Role.OPERATOR), ("dry run", Role.OPERATOR), ("work", Role.OPERATOR), ("book", Role.OPERATOR),
    ("approve for production", Role.STAKEHOLDER), ("start in production", Role.OPERATOR), ("work", Role.OPERATOR),
)  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_random_acts_of_random_people_never_bring_a_change_to_production_without_its_evidence(db, seed):
    """Now and then somebody goes on along the way, so that chance gets far."""
    world = World(seed)

    for turn in range(ACTS // len(SEEDS)):
        world.act()
        if turn % 12 == 0:
            _forth(world)

    assert world.done
    applied = Phase.objects.filter(deployments__applied=True, deployments__target__environment__production=True)
    assert all(Run.objects.filter(deployment__phase=phase, status=RunStatus.SUCCEEDED).exists() for phase in applied)
    assert not Approval.objects.filter(person__in=world.spec.editors.values("person"), voided_at=None).exists()
    assert Spec.objects.count() == 1


def _forth(world: World) -> None:
    """One step after the other by somebody who has the role, as far as they are let."""
    for name, role in FORTH:
        able = [person for person in world.people if role in workflow.roles_of(person)]
        try:
            with transaction.atomic():
                WAY[name](world, world.dice.choice(able or world.people))
        except Refusal:
            continue


def test_the_way_does_get_to_production(db):
    """Or the test above would prove nothing."""
    world = World(3)
    world.lucky = True

    for _ in range(2):
        _forth(world)

    assert Run.objects.filter(kind=RunKind.DEPLOY, target__environment__production=True).exists()
    assert world.phase.at > Stage.SCHEDULED_WINDOW
