"""The rows. Imports go one way, from base and audit through targets, specs and runs to comments and tokens."""

import pgtrigger

from governance.models.analyses import Analysis, Finding, Observation, Rehearsal
from governance.models.apis import ApiState, ApiVersion, Shield
from governance.models.approvals import Approval, ApprovalRequest, Decision
from governance.models.audit import AuditEvent
from governance.models.base import APPEND_ONLY, Governed
from governance.models.bookings import Booking, Collision, StartMode
from governance.models.checks import CheckChoice
from governance.models.comments import Comment, CommentKind
from governance.models.compatibility import Acknowledgement, Distribution, MatrixEntry, Override, Prospect, Release, ReleaseKind
from governance.models.delegations import Delegation
from governance.models.domains import Consideration, Domain, DomainTable
from governance.models.emergencies import BreakGlass
from governance.models.feeds import CalendarFeed, FeedKind
from governance.models.links import DomainOwner, ResourceTarget, SpecDomain
from governance.models.monitoring import OF_A_STATEMENT, Cause, Choice, DecisionPoint, Sample, Threshold
from governance.models.notices import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    DigestDays,
    DigestPlan,
    Notice,
    NoticeChoice,
    Webhook,
    WebhookForm,
)
from governance.models.policies import PolicyState, PolicyVersion
from governance.models.rechecks import CheckAnswer, Recheck, what_holds
from governance.models.requests import ClusterBeat, Heartbeat, Request
from governance.models.resources import Availability, Duty, Reservation, Resource, ResourceKind
from governance.models.reviews import Criterion, FollowUp, Review, Supersession
from governance.models.runs import CheckResult, Deployment, Run, RunActivity, RunProgress, Step
from governance.models.schemas import Drift, DriftState, SchemaSnapshot, TableVersion
from governance.models.specs import Answer, Dependency, DependencyKind, Phase, Script, SentBack, Spec, SpecEditor, TestEvidence
from governance.models.targets import AfterFailedCheck, Environment, Target
from governance.models.templates import ChangeTemplate, StandardUse, TemplateApproval, TemplateVersion
from governance.models.tokens import ApiToken, IdempotentAnswer, Scope, TokenUse
from governance.models.usage import Binding, BindingSource, Presence, PresenceSource, Traffic, Usage, UsageMode
from governance.models.windows import Window

GOVERNED: tuple[type[Governed], ...] = (
    Environment, Target, Domain, DomainTable, Consideration, Spec, SpecEditor, Phase, Script, Dependency, Answer, TestEvidence,
    Observation, Analysis, Finding, Rehearsal, Approval, Window, Booking, Deployment, Run, Step, CheckResult, SchemaSnapshot, Drift,
    TableVersion, Release, MatrixEntry, Criterion, Review, FollowUp, Comment, ApiToken, ApiVersion, Shield, Prospect, Override,
    Acknowledgement, Presence, Binding, Collision, Resource, Availability, Reservation, CalendarFeed, Webhook, Threshold, DecisionPoint,
    PolicyVersion, Delegation, ApprovalRequest, SentBack, BreakGlass, ChangeTemplate, TemplateVersion, TemplateApproval, StandardUse,
    Supersession, CheckChoice, Recheck,
)  # fmt: skip

for model in GOVERNED:
    pgtrigger.register(*APPEND_ONLY)(model.history.model)

__all__ = [
    "GOVERNED", "OF_A_STATEMENT", "Acknowledgement", "AfterFailedCheck", "Analysis", "Answer", "ApiState", "ApiToken", "ApiVersion",
    "Approval", "ApprovalRequest", "AuditEvent", "Availability", "Binding", "BindingSource", "Booking", "BreakGlass", "CalendarFeed",
    "Cause", "ChangeTemplate", "CheckAnswer", "CheckChoice", "CheckResult", "Choice", "ClusterBeat", "Collision", "Comment", "CommentKind",
    "Consideration", "Criterion", "Decision", "DecisionPoint", "Delegation", "Delivery", "DeliveryAttempt", "DeliveryState",
    "Dependency", "DependencyKind", "Deployment", "DigestDays", "DigestPlan", "Distribution", "Domain", "DomainOwner", "DomainTable",
    "Drift", "DriftState", "Duty", "Environment", "FeedKind", "Finding", "FollowUp", "Governed", "Heartbeat", "IdempotentAnswer",
    "MatrixEntry", "Notice", "NoticeChoice", "Observation", "Override", "Phase", "PolicyState", "PolicyVersion", "Presence",
    "PresenceSource", "Prospect", "Recheck", "Rehearsal", "Release", "ReleaseKind", "Request", "Reservation", "Resource", "ResourceKind",
    "ResourceTarget", "Review", "Run", "RunActivity", "RunProgress", "Sample", "SchemaSnapshot", "Scope", "Script", "SentBack",
    "Shield", "Spec", "SpecDomain", "SpecEditor", "StandardUse", "StartMode", "Step", "Supersession", "TableVersion", "Target",
    "TemplateApproval", "TemplateVersion", "TestEvidence", "Threshold", "TokenUse", "Traffic", "Usage", "UsageMode", "Webhook",
    "WebhookForm", "Window", "what_holds",
]  # fmt: skip
