"""What people do: the only writer of stages besides `handoff`. Every function is one act, keyword-only, atomic, and audited."""

from governance.workflow.acts import permit, record_refusal, roles_of
from governance.workflow.closing import Debt, Result, advance, cancel, review
from governance.workflow.decisions import approve, digest_for, reject
from governance.workflow.discussing import comment, open_comments, resolve
from governance.workflow.editing import add_evidence, edit_script, edit_specification, request_analysis, request_rehearsal
from governance.workflow.keys import make_token, person_of, revoke_token
from governance.workflow.records import delete_record, save_record
from governance.workflow.running import control, resume, roll_back, start
from governance.workflow.scheduling import book
from governance.workflow.submission import ScriptFile, Source, check_script, read_scripts, submit

__all__ = [
    "Debt", "Result", "ScriptFile", "Source", "add_evidence", "advance", "approve", "book", "cancel", "check_script", "comment",
    "control", "delete_record", "digest_for", "edit_script", "edit_specification", "make_token", "open_comments", "permit", "person_of",
    "read_scripts", "record_refusal", "reject", "request_analysis", "request_rehearsal", "resolve", "resume", "review", "revoke_token",
    "roles_of", "roll_back", "save_record", "start", "submit",
]  # fmt: skip
