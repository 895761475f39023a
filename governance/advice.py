"""What an operator should do next about a run, by its status. Pure: the run's page, `watch` and the API print it."""

from collections.abc import Mapping

from governance.orders import RunKind, RunStatus

NEXT: Mapping[RunStatus, str] = {
    RunStatus.QUEUED: "A worker takes it in a moment. If none does, look whether the cluster runs.",
    RunStatus.RUNNING: "Pause rests at the next boundary, Stop ends the statement that runs, Roll back stops and takes back what is there.",
    RunStatus.PAUSED: "The target holds whole scripts and batches, nothing half. Resume goes on there, Stop ends the run, and Roll back "
    "takes back what is there.",
    RunStatus.SUCCEEDED: "Nothing to do: it is measured until its monitoring period is over.",
    RunStatus.FAILED_CLEAN: "The target is as it was. Remove the cause that the message names, then start again on the change's page.",
    RunStatus.FAILED_DIRTY: "The target holds a part of the change. Remove the cause and start again: the new run goes on where "
    "this one ended. Or roll back: the approved script takes back what is there.",
    RunStatus.INDETERMINATE: "Run nothing by hand. The target is asked what it holds, every minute, and the run then gets its status. "
    "A statement that no catalogue can judge is named here: look at the target, and say whether it is applied.",
    RunStatus.ROLLED_BACK: "The target is as it was before the change, which is back at script development: correct it there.",
}
TO_DECIDE = "The change is applied, and something about it is open: keep it, or roll back."
NEXT_OF_A_DRY_RUN: Mapping[RunStatus, str] = {
    RunStatus.SUCCEEDED: "Nothing to do: everything was rolled back, and the change can be booked.",
    RunStatus.FAILED_CLEAN: "Everything was rolled back. Correct what the message names before the change is booked.",
}
NEXT_OF_A_ROLLBACK: Mapping[RunStatus, str] = {
    RunStatus.FAILED_CLEAN: "Nothing was taken back. Remove the cause that the message names, then roll back again.",
    RunStatus.FAILED_DIRTY: "A part of the change is still there. Remove the cause and roll back again: it goes on where it ended. If it "
    "cannot, follow the restore plan of the change; the recovery point of its run is on that run's page.",
}


def next_step(kind: RunKind, status: RunStatus) -> str:
    special = {RunKind.DRY_RUN: NEXT_OF_A_DRY_RUN, RunKind.ROLLBACK: NEXT_OF_A_ROLLBACK}.get(kind, {})
    return special.get(status, NEXT[status])
