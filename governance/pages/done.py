"""What is shown after an act."""

DONE = {
    "approve_technical": "Approved. Your decision is bound to exactly these scripts.",
    "approve_business": "Approved for production. Your decision is bound to these scripts, targets and window.",
    "reject": "Rejected. The author sees your reason.",
    "withdraw_approval": "Withdrawn. The decision is kept, and counts no more.",
    "deploy_below_production": "The run is queued. Its page is under Runs.",
    "deploy_production": "The run is queued. Its page is under Runs.",
    "dry_run": "The dry run is queued. Its page is under Runs.",
    "roll_back": "The rollback is queued. Its page is under Runs.",
    "withdraw_booking": "Withdrawn. The time is free again; a run in it pauses at its next boundary.",
    "acknowledge_collision": "Acknowledged. It is kept that you know.",
    "cancel": "Cancelled. The change stays in the history.",
    "request_analysis": "The analysis is queued; its result stands under Impact in a moment.",
    "request_rehearsal": "The rehearsal is queued; its result stands under Rehearsal in a moment.",
    "advance": "It went on as far as its evidence carries.",
    "edit_specification": "The specification is saved.",
    "edit_script": "The scripts are changed; approvals of the old ones are void, and the change is at script development.",
    "choose_checks": "The check is added; approvals of what was before are void, and the change is at script development.",
    "take_out_check": "It is taken out, and your reason is shown to whoever approves. Approvals of what was before are void.",
    "put_back_check": "It is asked again. Approvals of what was before are void.",
    "add_evidence": "The test result is kept with these scripts.",
    "book": "Booked. The business approval is given for this time.",
    "review": "Reviewed, and closed.",
    "answer": "The answers are kept. Whoever approves reads them.",
    "go_back": "Sent back. What depends on it is void, and it stays there until somebody goes on.",
    "break_glass": "The glass is broken. Everybody is told, and somebody else reviews it within 48 hours.",
    "end_emergency": "The emergency is over. Its review stays due.",
    "review_emergency": "Reviewed. It is kept with the change.",
    "comment": "It stands in the discussion.",
    "resolve": "Resolved.",
    "use_safe_form": "The safe form stands in the script. It is analysed again; approvals of the old text are void.",
}


def done(name: str) -> str:
    """What is shown after an act."""
    return DONE[name]
