"""What the runner does: the one door between governance and runner, and besides `workflow` the only writer of stages."""

from governance.bell import on_due
from governance.handoff.claims import Claim, ClaimLost, abandon, beat, claim, due, give_back, let_go, lost, reclaim, tick
from governance.handoff.clearing import clear_away
from governance.handoff.deliveries import delivery_due, sent, take_delivery
from governance.handoff.digests import make_digests
from governance.handoff.drifting import observe_due
from governance.handoff.following import Course, course_of, run_named, steer
from governance.handoff.liveness import cluster_beat, cluster_silence
from governance.handoff.rechecking import due_for_checking, finish_recheck, heed_recheck, keep_answers, watched_order
from governance.handoff.reminding import remind
from governance.handoff.results import finish_observation, finish_rehearsal, finish_run, progress, wish
from governance.handoff.waiting import ask_everywhere
from governance.handoff.watching import Watched, due_for_watching, earlier_reading, has_baseline, keep_sample, watched

__all__ = [
    "Claim",
    "ClaimLost",
    "Course",
    "Watched",
    "abandon",
    "ask_everywhere",
    "beat",
    "claim",
    "clear_away",
    "cluster_beat",
    "cluster_silence",
    "course_of",
    "delivery_due",
    "due",
    "due_for_checking",
    "due_for_watching",
    "earlier_reading",
    "finish_observation",
    "finish_recheck",
    "finish_rehearsal",
    "finish_run",
    "give_back",
    "has_baseline",
    "heed_recheck",
    "keep_answers",
    "keep_sample",
    "let_go",
    "lost",
    "make_digests",
    "observe_due",
    "on_due",
    "progress",
    "reclaim",
    "remind",
    "run_named",
    "sent",
    "steer",
    "take_delivery",
    "tick",
    "watched",
    "watched_order",
    "wish",
]  # fmt: skip
