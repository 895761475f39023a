"""The rows. Imports go one way, from base and audit through targets, specs and runs to comments and tokens."""

import pgtrigger

from governance.models.analyses import Analysis, Finding, Observation, Rehearsal
from governance.models.approvals import Approval, Decision
from governance.models.audit import AuditEvent
from governance.models.base import APPEND_ONLY, Governed
from governance.models.comments import Comment, CommentKind
from governance.models.compatibility import MatrixEntry, Release, ReleaseKind
from governance.models.domains import Consideration, Domain, DomainTable
from governance.models.requests import ClusterBeat, Heartbeat, Request
from governance.models.reviews import Criterion, FollowUp, Review
from governance.models.runs import CheckResult, Deployment, Run, Step
from governance.models.schemas import SchemaSnapshot, TableVersion
from governance.models.specs import Answer, Dependency, DependencyKind, Phase, Script, Spec, SpecEditor, TestEvidence
from governance.models.targets import Environment, Target
from governance.models.tokens import ApiToken, IdempotentAnswer, Scope, TokenUse
from governance.models.windows import Booking, StartMode, Window

GOVERNED: tuple[type[Governed], ...] = (
    Environment, Target, Domain, DomainTable, Consideration, Spec, SpecEditor, Phase, Script, Dependency, Answer, TestEvidence,
    Observation, Analysis, Finding, Rehearsal, Approval, Window, Booking, Deployment, Run, Step, CheckResult, SchemaSnapshot,
    TableVersion, Release, MatrixEntry, Criterion, Review, FollowUp, Comment, ApiToken,
)  # fmt: skip

for model in GOVERNED:
    pgtrigger.register(*APPEND_ONLY)(model.history.model)

__all__ = [
    "GOVERNED", "Analysis", "Answer", "ApiToken", "Approval", "AuditEvent", "Booking", "CheckResult", "ClusterBeat", "Comment",
    "CommentKind", "Consideration", "Criterion", "Decision", "Dependency", "DependencyKind", "Deployment", "Domain", "DomainTable",
    "Environment", "Finding", "FollowUp", "Governed", "Heartbeat", "IdempotentAnswer", "MatrixEntry", "Observation", "Phase",
    "Rehearsal", "Release", "ReleaseKind", "Request", "Review", "Run", "SchemaSnapshot", "Scope", "Script", "Spec", "SpecEditor",
    "StartMode", "Step", "TableVersion", "Target", "TestEvidence", "TokenUse", "Window",
]  # fmt: skip
