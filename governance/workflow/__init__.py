"""What people do: the only writer of stages besides `handoff`. Every function is one act, keyword-only, atomic, and audited."""

from governance.workflow.acts import permit, record_refusal, roles_of
from governance.workflow.answering import answer
from governance.workflow.checking import add_check, checks_of, put_back_check, take_out_check
from governance.workflow.clients import Count, import_openapi, import_statements, record_presence, record_usage, register_client
from governance.workflow.closing import advance, cancel
from governance.workflow.decisions import approve, check_approval, digest_for, reject, withdraw_approval
from governance.workflow.delegating import delegate, revoke_delegation
from governance.workflow.discussing import comment, open_comments, resolve
from governance.workflow.drift import accept_drift, link_drift
from governance.workflow.editing import add_evidence, edit_specification, request_analysis, request_rehearsal
from governance.workflow.emergency import break_glass, end_emergency, review_emergency
from governance.workflow.feeding import feed_at, make_feed, revoke_feed
from governance.workflow.holidays import add_holidays
from governance.workflow.judging import judge_statement
from governance.workflow.keys import LONGEST_TOKEN, make_token, person_of, revoke_token
from governance.workflow.linking import link, unlink
from governance.workflow.observing import observe
from governance.workflow.overriding import (
    acknowledge_nobody,
    backend_named,
    override,
    record_test,
    second_override,
    withdraw_override,
)
from governance.workflow.reading import choose_ways, mark_read, mark_unread
from governance.workflow.rechecking import ask_again, stop_asking
from governance.workflow.records import delete_record, link_record, save_record
from governance.workflow.returning import go_back
from governance.workflow.reviewing import Debt, Result, finish_debt, review, supersede_check, waive_debt
from governance.workflow.ruling import approve_policy, draft_policy, drop_policy
from governance.workflow.running import control, keep, resume, roll_back, roll_back_run, start
from governance.workflow.scheduling import acknowledge_collisions, book, collisions_of, withdraw
from governance.workflow.scripting import ScriptFile, Source, change_scripts, check_script, edit_script, read_scripts, use_safe_form
from governance.workflow.signing import confirm_token, sign, signing_of
from governance.workflow.standards import (
    approve_template,
    lift_suspension,
    suspend_template,
    use_template,
    version_numbered,
    write_template,
)
from governance.workflow.submission import submit
from governance.workflow.webhooks import end_webhook, make_webhook, renew_secret, send_again, send_test

__all__ = [
    "LONGEST_TOKEN", "Count", "Debt", "Result", "ScriptFile", "Source", "accept_drift", "acknowledge_collisions", "acknowledge_nobody",
    "add_check", "add_evidence", "add_holidays", "advance", "answer", "approve", "approve_policy", "approve_template", "ask_again",
    "backend_named", "book", "break_glass", "cancel", "change_scripts", "check_approval", "check_script", "checks_of", "choose_ways",
    "collisions_of", "comment", "confirm_token", "control", "delegate", "delete_record", "digest_for", "draft_policy", "drop_policy",
    "edit_script", "edit_specification", "end_emergency", "end_webhook", "feed_at", "finish_debt", "go_back", "import_openapi",
    "import_statements", "judge_statement", "keep", "lift_suspension", "link", "link_drift", "link_record", "make_feed", "make_token",
    "make_webhook", "mark_read", "mark_unread", "observe", "open_comments", "override", "permit", "person_of", "put_back_check",
    "read_scripts", "record_presence", "record_refusal", "record_test", "record_usage", "register_client", "reject", "renew_secret",
    "request_analysis", "request_rehearsal", "resolve", "resume", "review", "review_emergency", "revoke_delegation", "revoke_feed",
    "revoke_token", "roles_of", "roll_back", "roll_back_run", "save_record", "second_override", "send_again", "send_test", "sign",
    "signing_of", "start", "stop_asking", "submit", "supersede_check", "suspend_template", "take_out_check", "unlink", "use_safe_form",
    "use_template", "version_numbered", "waive_debt", "withdraw", "withdraw_approval", "withdraw_override", "write_template",
]  # fmt: skip
