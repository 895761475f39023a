"""The rows. Imports go one way: base, audit, requests, targets, domains, specs, analyses, approvals, windows, runs, schemas, compatibility, reviews."""

import pgtrigger

from governance.models.analyses import Analysis, Finding, Observation, Rehearsal
from governance.models.approvals import Approval, Decision
from governance.models.audit import AuditEvent
from governance.models.base import APPEND_ONLY, Governed
from governance.models.compatibility import MatrixEntry, Release, ReleaseKind
from governance.models.domains import Consideration, Domain, DomainTable
from governance.models.requests import ClusterBeat, Heartbeat, Request
from governance.models.reviews import Criterion, FollowUp, Review
from governance.models.runs import CheckResult, Deployment, Run, Step
from governance.models.schemas import SchemaSnapshot, TableVersion
from governance.models.specs import Answer, Dependency, DependencyKind, Phase, Script, Spec, SpecEditor, TestEvidence
from governance.models.targets import Environment, Target
from governance.models.windows import Booking, StartMode, Window

GOVERNED: tuple[type[Governed], ...] = (
    Environment, Target, Domain, DomainTable, Consideration, Spec, SpecEditor, Phase, Script, Dependency, Answer, TestEvidence,
    Observation, Analysis, Finding, Rehearsal, Approval, Window, Booking, Deployment, Run, Step, CheckResult, SchemaSnapshot,
    TableVersion, Release, MatrixEntry, Criterion, Review, FollowUp,
)  # fmt: skip

for model in GOVERNED:
    pgtrigger.register(*APPEND_ONLY)(model.history.model)

__all__ = [
    "GOVERNED", "Analysis", "Answer", "Approval", "AuditEvent", "Booking", "CheckResult", "ClusterBeat", "Consideration", "Criterion",
    "Decision", "Dependency", "DependencyKind", "Deployment", "Domain", "DomainTable", "Environment", "Finding", "FollowUp", "Governed",
    "Heartbeat", "MatrixEntry", "Observation", "Phase", "Rehearsal", "Release", "ReleaseKind", "Request", "Review", "Run", "SchemaSnapshot",
    "Script", "Spec", "SpecEditor", "StartMode", "Step", "TableVersion", "Target", "TestEvidence", "Window",
]  # fmt: skip
