"""What people do: who may do it, and at which stages. `workflow` asks this table before anything else; pages and the API print it."""

from collections.abc import Mapping
from dataclasses import dataclass

from governance.lifecycle import Role, Stage


@dataclass(frozen=True, slots=True)
class Act:
    """Something people do, who may do it, and at which stages."""

    label: str
    roles: frozenset[Role]
    first: Stage = Stage.REQUIREMENT
    last: Stage = Stage.CLOSURE
    needs_reason: bool = False


def _roles(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


ENGINEERS = _roles(Role.ENGINEER, Role.OPERATOR)
EVERYBODY = frozenset(Role)
APPROVING = POLICY_MAKERS = _roles(Role.REVIEWER, Role.STAKEHOLDER, Role.OPERATOR, Role.SECURITY)
S = Stage
ACTS: Mapping[str, Act] = {
    "submit": Act("Submit", ENGINEERS),
    "edit_specification": Act("Edit the specification", ENGINEERS, S.REQUIREMENT, S.PRODUCTION_DEPLOYMENT),
    "edit_script": Act("Change the scripts", ENGINEERS, S.REQUIREMENT, S.PRODUCTION_DEPLOYMENT),
    "choose_checks": Act("Change the checks", ENGINEERS, S.REQUIREMENT, S.PRODUCTION_DEPLOYMENT, needs_reason=True),
    "request_analysis": Act("Analyse", _roles(Role.ENGINEER, Role.REVIEWER, Role.OPERATOR), S.REQUIREMENT, S.PRODUCTION_DEPLOYMENT),
    "request_rehearsal": Act("Rehearse", _roles(Role.ENGINEER, Role.REVIEWER, Role.OPERATOR), S.LOCAL_TESTING, S.PRODUCTION_DEPLOYMENT),
    "add_evidence": Act("Add test evidence", ENGINEERS, S.REQUIREMENT, S.PRODUCTION_DEPLOYMENT),
    "approve_technical": Act("Approve technically", _roles(Role.REVIEWER), S.STAGING_DEPLOYMENT, S.PRODUCTION_DEPLOYMENT),
    "approve_business": Act("Approve for production", _roles(Role.STAKEHOLDER), S.SCHEDULED_WINDOW, S.PRODUCTION_DEPLOYMENT),
    "approve_dba": Act("Approve as DBA", _roles(Role.OPERATOR), S.STAGING_DEPLOYMENT, S.PRODUCTION_DEPLOYMENT),
    "approve_security": Act("Approve for security", _roles(Role.SECURITY), S.STAGING_DEPLOYMENT, S.PRODUCTION_DEPLOYMENT),
    "reject": Act("Reject", APPROVING, S.STAGING_DEPLOYMENT, S.PRODUCTION_DEPLOYMENT, needs_reason=True),
    "withdraw_approval": Act("Withdraw a decision", EVERYBODY, S.STAGING_DEPLOYMENT, S.PRODUCTION_DEPLOYMENT, needs_reason=True),
    "deploy_below_production": Act("Run on staging", _roles(Role.OPERATOR, Role.ENGINEER), S.STAGING_DEPLOYMENT, S.STAGING_DEPLOYMENT),
    "dry_run": Act("Dry run in production", _roles(Role.OPERATOR), S.PRODUCTION_DRY_RUN, S.SCHEDULED_WINDOW),
    "book": Act("Book a window", _roles(Role.OPERATOR), S.SCHEDULED_WINDOW, S.PRODUCTION_DEPLOYMENT),
    "deploy_production": Act("Run in production", _roles(Role.OPERATOR), S.PRODUCTION_DEPLOYMENT, S.PRODUCTION_DEPLOYMENT),
    "roll_back": Act("Roll back", _roles(Role.OPERATOR), needs_reason=True),
    "control_run": Act("Pause, stop or resume", _roles(Role.OPERATOR)),
    "judge_statement": Act("Say whether a statement is applied", _roles(Role.OPERATOR), needs_reason=True),
    "ask_again": Act("Ask a check again", _roles(Role.REVIEWER, Role.OPERATOR)),
    "decide_run": Act("Keep what a run left", _roles(Role.OPERATOR), needs_reason=True),
    "advance": Act("Go on", _roles(Role.ENGINEER, Role.REVIEWER, Role.OPERATOR)),
    "review": Act("Review and close", _roles(Role.REVIEWER, Role.STAKEHOLDER, Role.OPERATOR), S.CLOSURE, S.CLOSURE),
    "go_back": Act("Send back", _roles(Role.ENGINEER, Role.REVIEWER, Role.OPERATOR), S.IMPACT_ANALYSIS, needs_reason=True),
    "answer": Act("Answer a domain's question", EVERYBODY, S.REQUIREMENT, S.PRODUCTION_DEPLOYMENT),
    "break_glass": Act("Break the glass", _roles(Role.OPERATOR), S.REQUIREMENT, S.PRODUCTION_DEPLOYMENT, needs_reason=True),
    "end_emergency": Act("End the emergency", _roles(Role.OPERATOR)),
    "review_emergency": Act("Review the emergency", _roles(Role.REVIEWER, Role.STAKEHOLDER, Role.OPERATOR, Role.AUDITOR)),
    "supersede_check": Act("Supersede a check", _roles(Role.REVIEWER, Role.OPERATOR), needs_reason=True),
    "finish_debt": Act("Say that debt is paid", EVERYBODY),
    "waive_debt": Act("Waive debt", _roles(Role.REVIEWER, Role.STAKEHOLDER, Role.OPERATOR), needs_reason=True),
    "write_template": Act("Write a template", ENGINEERS),
    "approve_template": Act("Approve a template", _roles(Role.REVIEWER, Role.OPERATOR)),
    "use_template": Act("Submit from a template", ENGINEERS),
    "suspend_template": Act("Suspend a template", _roles(Role.REVIEWER, Role.OPERATOR), needs_reason=True),
    "lift_suspension": Act("Lift a template's suspension", _roles(Role.REVIEWER), needs_reason=True),
    "comment": Act("Comment", EVERYBODY),
    "ask_for_changes": Act("Ask for changes", APPROVING),
    "accept_drift": Act("Accept a drift", _roles(Role.REVIEWER, Role.OPERATOR), needs_reason=True),
    "link_drift": Act("Link a drift to a change", _roles(Role.ENGINEER, Role.REVIEWER, Role.OPERATOR)),
    "observe": Act("Read a target", _roles(Role.ENGINEER, Role.REVIEWER, Role.OPERATOR)),
    "register_client": Act("Register a client", ENGINEERS),
    "report_use": Act("Report where clients are and what they use", ENGINEERS),
    "override_cell": Act("Override the matrix", _roles(Role.REVIEWER, Role.OPERATOR), needs_reason=True),
    "acknowledge_nobody": Act("Say that nobody uses it", _roles(Role.REVIEWER, Role.STAKEHOLDER, Role.OPERATOR), needs_reason=True),
    "withdraw_booking": Act("Withdraw a booking", _roles(Role.OPERATOR), needs_reason=True),
    "acknowledge_collision": Act("Acknowledge what a booking disturbs", _roles(Role.OPERATOR), S.SCHEDULED_WINDOW, S.PRODUCTION_DEPLOYMENT),
    "link_changes": Act("Say what a change requires", _roles(Role.ENGINEER, Role.REVIEWER, Role.OPERATOR)),
    "add_holidays": Act("Add holidays as blackouts", _roles(Role.OPERATOR)),
    "make_feed": Act("Make a calendar feed", EVERYBODY),
    "revoke_feed": Act("Revoke a calendar feed", _roles(Role.OPERATOR)),
    "delegate": Act("Delegate decisions", APPROVING, needs_reason=True),
    "revoke_delegation": Act("End a delegation", _roles(Role.OPERATOR)),
    "draft_policy": Act("Draft a policy", POLICY_MAKERS, needs_reason=True),
    "approve_policy": Act("Approve a policy", POLICY_MAKERS),
    "drop_policy": Act("Drop a policy", POLICY_MAKERS, needs_reason=True),
    "manage_webhooks": Act("Set up webhooks", _roles(Role.OPERATOR)),
    "make_token": Act("Make an API token", EVERYBODY),
    "revoke_token": Act("Revoke an API token", _roles(Role.OPERATOR)),
    "cancel": Act("Cancel the change", ENGINEERS, S.REQUIREMENT, S.PRODUCTION_DEPLOYMENT, needs_reason=True),
}
