"""Twenty people decide on fifty changes at once, two hundred times: no approval is lost, doubled, or given before its turn."""

import random
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.models import User
from django.db import connection, connections, transaction

from governance import workflow
from governance.errors import Refusal
from governance.lifecycle import Role
from governance.manifest import content_digest
from governance.models import (
    Analysis,
    Approval,
    ApprovalRequest,
    AuditEvent,
    Deployment,
    Finding,
    Observation,
    Phase,
    Rehearsal,
    Script,
    Spec,
    SpecEditor,
)
from governance.policy import ApprovalKind
from tests import factories
from tests.crowd import copy_rows
from tests.governance.behaviours.approving import rules

CHANGES = 50
PEERS, DBAS, THREADS = 14, 6, 8
OF_A_CHANGE = (
    Spec, Spec.domains.through, SpecEditor, Phase, Script, Observation, Analysis, Finding, Rehearsal, ApprovalRequest, Deployment,
)  # fmt: skip


def make_changes(cast: factories.Cast) -> list[Phase]:
    """Each waits for two peers, and for a DBA after them."""
    factories.make_targets()
    rules(
        {"kind": "technical", "people": 2, "why": "two peers"},
        {"kind": "dba", "people": 1, "why": "then a DBA", "step": 2},
    )
    factories.bring_to_approval(cast, factories.make_spec(cast))
    copy_rows(OF_A_CHANGE, CHANGES - 1, under_way=CHANGES)
    phases = list(Phase.objects.select_related("spec__author"))
    for phase in phases:  # each copy has a script version of its own
        for known in (phase.analyses, phase.rehearsals):
            known.update(digest=content_digest(phase))
        phase.approval_requests.update(digest=workflow.digest_for(phase, ApprovalKind.TECHNICAL))
    connection.cursor().execute("SET LOCAL session_replication_role = origin")
    return phases


def decide(task: tuple[User, Phase, ApprovalKind, str]) -> str:
    person, phase, kind, digest = task
    try:
        workflow.approve(actor=person, phase=phase, kind=kind, digest=digest)
    except Refusal as refusal:
        return refusal.code
    finally:
        connections.close_all()
    return ""


def test_no_approval_is_lost_doubled_or_misordered_when_twenty_people_decide_at_once(committed):
    with transaction.atomic():
        phases = make_changes(factories.make_cast())
        peers = [factories.make_user(f"peer{number}", Role.REVIEWER) for number in range(PEERS)]
        dbas = [factories.make_user(f"dba{number}", Role.OPERATOR) for number in range(DBAS)]
    chance = random.Random(8)
    tasks = [task for phase in phases for task in tasks_for(phase, peers, dbas, chance)]
    chance.shuffle(tasks)

    with ThreadPoolExecutor(THREADS) as pool:
        codes = list(pool.map(decide, tasks))

    assert len(tasks) == 4 * CHANGES
    assert set(codes) <= {"", "NotItsTurn", "AlreadyDecided", "CountedTwice"}
    assert_nothing_lost_or_doubled(tasks, codes)
    assert_in_order(phases)


def tasks_for(phase: Phase, peers: list[User], dbas: list[User], chance: random.Random) -> Iterable[tuple[User, Phase, ApprovalKind, str]]:
    """Two peers, one of whom clicks twice, and a DBA who may come too early."""
    digest = workflow.digest_for(phase, ApprovalKind.TECHNICAL)
    first, second = chance.sample(peers, 2)
    yield from ((person, phase, ApprovalKind.TECHNICAL, digest) for person in (first, second, first))
    yield chance.choice(dbas), phase, ApprovalKind.DBA, digest


def assert_nothing_lost_or_doubled(tasks: list, codes: list[str]) -> None:
    told = Counter((phase.pk, person.pk, kind) for (person, phase, kind, _), code in zip(tasks, codes, strict=True) if not code)
    kept = Counter(Approval.objects.filter(voided_at=None).values_list("phase", "person", "kind"))
    assert kept == Counter({(phase, person, str(kind)): times for (phase, person, kind), times in told.items()})
    assert set(kept.values()) == {1}
    assert AuditEvent.objects.filter(kind="approval.approved").count() == kept.total()
    assert AuditEvent.objects.filter(kind="refused.approve").count() == len(codes) - kept.total()
    peers = Approval.objects.filter(kind=ApprovalKind.TECHNICAL).values_list("phase", flat=True)
    assert set(Counter(peers).values()) == {2}


def assert_in_order(phases: list[Phase]) -> None:
    """Wherever a DBA has decided, both peers had decided before."""
    for phase in phases:
        given = list(Approval.objects.filter(phase=phase).order_by("pk").values_list("kind", flat=True))
        assert given in (["technical"] * 2, ["technical"] * 2 + ["dba"]), given
