"""The fault matrix as data: what is broken, what must come of it, and the tests that show it on real PostgreSQL.

`python -m tests.faults.matrix` prints the files that hold them, for `make faults`.
"""

from dataclasses import dataclass

ENGINE, RUNNER, GOVERNANCE, FAULTS = "tests/runner/engine/", "tests/runner/", "tests/governance/", "tests/faults/"
POINTS = FAULTS + "test_points.py::test_any_fault_at_any_point_leaves_a_target_that_a_later_attempt_completes"


@dataclass(frozen=True, slots=True)
class Fault:
    number: str
    fault: str
    expected: str
    tests: tuple[str, ...] = ()
    not_here: str = ""  # why it cannot be shown


MATRIX = (
    Fault(
        "X1",
        "runner killed before its first statement",
        "nothing applied; the next attempt applies it once",
        (FAULTS + "test_processes.py::test_runner_killed_before_its_first_statement_has_done_nothing",),
    ),
    Fault(
        "X2",
        "runner killed in a transaction",
        "rolled back; applied once by the next attempt",
        (
            ENGINE + "test_faults.py::test_killed_runner_leaves_nothing_of_its_transaction",
            ENGINE + "test_faults.py::test_killed_runner_between_scripts_is_dirty_and_the_run_can_go_on",
        ),
    ),
    Fault(
        "X3",
        "runner killed while its backend works on",
        "busy until that backend ends, then settled",
        (ENGINE + "test_faults.py::test_killed_runner_whose_backend_still_builds_is_not_settled_before_it_ends",),
    ),
    Fault(
        "X4",
        "the word of the COMMIT is lost",
        "found in the ledger; indeterminate while the target is away",
        (
            ENGINE + "test_faults.py::test_lost_word_of_the_commit_is_found_in_the_ledger",
            ENGINE + "test_faults.py::test_lost_word_of_the_commit_is_indeterminate_while_the_target_is_gone",
            POINTS,
        ),
    ),
    Fault(
        "X5",
        "server stopped immediately in a backfill",
        "goes on behind the last committed batch; no row twice",
        (FAULTS + "test_servers.py::test_backfill_goes_on_after_its_server_crashed[stopped immediately]",),
    ),
    Fault(
        "X6",
        "a backend killed by SIGKILL, all sessions lost",
        "as X5",
        (FAULTS + "test_servers.py::test_backfill_goes_on_after_its_server_crashed[backend killed]",),
    ),
    Fault(
        "X7",
        "session ended by an administrator (57P01)",
        "clean; goes on by itself once the ledger proves what is left",
        (
            ENGINE + "test_faults.py::test_terminated_backend_leaves_a_clean_target",
            ENGINE + "test_faults.py::test_run_goes_on_in_a_new_session_after_its_backend_was_terminated_once",
            POINTS,
        ),
    ),
    Fault(
        "X8",
        "a lock is not to be had",
        "waits outside the queue, short attempts, clean; readers wait no longer than the lock timeout",
        (
            ENGINE + "test_locks.py::test_reader_delays_the_change_and_not_the_other_readers",
            ENGINE + "test_locks.py::test_lock_that_is_never_to_be_had_fails_clean_and_names_who_holds_it",
            ENGINE + "test_courtesy.py::test_change_waits_for_a_long_reader_without_queueing_and_needs_one_attempt",
        ),
    ),
    Fault(
        "X9",
        "CREATE INDEX CONCURRENTLY aborted",
        "dirty while invalid; dropped and built again",
        (ENGINE + "test_online.py::test_failed_index_is_dirty_while_invalid_and_rebuilt_by_the_next_attempt",),
    ),
    Fault(
        "X10",
        "CREATE INDEX CONCURRENTLY beside a second runner",
        "the second is told that the target is busy; no deadlock",
        (FAULTS + "test_processes.py::test_second_runner_does_not_deadlock_with_a_concurrent_index",),
    ),
    Fault(
        "X11",
        "deadlock, or serialization failure in a batch",
        "tried again, counted once",
        (
            ENGINE + "test_locks.py::test_deadlock_is_tried_again",
            ENGINE + "test_backfill.py::test_batch_whose_rows_somebody_changes_meanwhile_is_tried_again",
        ),
    ),
    Fault(
        "X12",
        "statement timeout (57014)",
        "clean; a batch is halved",
        (
            ENGINE + "test_courtesy.py::test_validation_may_take_longer_than_a_statement_under_a_lock",
            ENGINE + "test_backfill.py::test_batch_that_takes_too_long_is_tried_again_with_half_the_rows",
        ),
    ),
    Fault(
        "X13",
        "two runners take the same run",
        "one wins; one row in the ledger",
        (
            ENGINE + "test_locks.py::test_two_runs_of_one_order_at_once_apply_it_once",
            GOVERNANCE + "test_claims.py::test_twelve_claims_at_the_same_moment_have_one_winner",
        ),
    ),
    Fault(
        "X14",
        "runner stopped by SIGSTOP, taken over, and continued",
        "nobody starts beside it; every later word of it is refused",
        (
            FAULTS + "test_processes.py::test_runner_that_sleeps_keeps_others_out_and_applies_everything_once",
            RUNNER + "test_takeover.py::test_silent_run_is_taken_over_and_its_old_worker_stops",
            GOVERNANCE + "test_silence.py::test_reclaimed_row_refuses_every_word_of_its_old_holder",
        ),
    ),
    Fault(
        "X15",
        "a statement without transaction fails",
        "said which; the next attempt goes on there",
        (ENGINE + "test_online.py::test_failing_statement_keeps_those_before_it_and_is_where_the_next_attempt_goes_on",),
    ),
    Fault(
        "X16",
        "a script altered after its approval",
        "refused",
        (
            ENGINE + "test_preflight.py::test_other_text_is_refused",
            ENGINE + "test_preflight.py::test_statement_that_is_not_in_the_text_is_refused",
            RUNNER + "test_tasks.py::test_script_that_was_altered_after_its_approval_never_reaches_the_target",
        ),
    ),
    Fault(
        "X17",
        "the portal's database goes away during a run",
        "nothing half known; settled by the target's ledger",
        (RUNNER + "test_takeover.py::test_portal_that_loses_its_database_leaves_a_run_that_the_reaper_settles",),
    ),
    Fault(
        "X18",
        "disk full (53100)",
        "rolled back to the last batch; goes on when there is space",
        (FAULTS + "test_servers.py::test_full_disk_ends_a_backfill_between_two_batches",),
    ),
    Fault(
        "X19",
        "a rollback script fails half-way",
        "dirty, said what is still there; can go on",
        (ENGINE + "test_rollback.py::test_failed_rollback_says_what_is_still_there_and_can_go_on",),
    ),
    Fault(
        "X20",
        "a check fails afterwards",
        "told; nothing done twice",
        (
            ENGINE + "test_execute.py::test_check_that_fails_afterwards_is_told_and_undoes_nothing",
            ENGINE + "test_execute.py::test_same_order_again_does_nothing_twice",
        ),
    ),
    Fault(
        "X21",
        "a person pauses or stops in the middle",
        "a backfill ends within a batch; a transaction whole",
        (
            ENGINE + "test_backfill.py::test_run_ends_between_two_batches_when_a_person_wants_it_and_goes_on_later",
            ENGINE + "test_execute.py::test_stop_ends_a_statement_that_runs",
        ),
    ),
    Fault(
        "X22",
        "read-only target or standby; a standby takes over in the middle",
        "refused; goes on where the promoted one stands",
        (
            ENGINE + "test_session.py::test_read_only_target_is_refused",
            FAULTS + "test_recovery.py::test_run_goes_on_where_the_promoted_standby_stands",
        ),
    ),
    Fault("X23", "transaction pooling", "refused", (ENGINE + "test_session.py::test_pooled_target_is_refused",)),
    Fault(
        "X24",
        "an orphaned transaction, prepared or idle, is in the way",
        "named with its age; never killed",
        (
            FAULTS + "test_servers.py::test_orphaned_prepared_transaction_is_named",
            ENGINE + "test_courtesy.py::test_patience_has_an_end_and_then_the_lock_is_tried_for",
        ),
    ),
    Fault(
        "X25",
        "the clock jumps",
        "windows are judged at the database's time; pauses and deadlines by a clock that cannot jump",
        (
            FAULTS + "test_processes.py::test_clock_that_jumps_neither_shortens_nor_lengthens_a_pause",
            GOVERNANCE + "test_windows.py::test_a_window_opens_and_a_blackout_closes_at_their_half_open_edges",
        ),
    ),
    Fault("X26", "the sealer is dead", "runs do not start", not_here="there is no sealer yet"),
)


def files() -> list[str]:
    return sorted({test.partition("::")[0] for fault in MATRIX for test in fault.tests})


if __name__ == "__main__":
    print(*files())
