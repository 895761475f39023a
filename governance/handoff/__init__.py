"""What the runner does: the one door between governance and runner, and besides `workflow` the only writer of stages."""

from governance.bell import on_due
from governance.handoff.claims import Claim, ClaimLost, abandon, beat, claim, due, let_go, lost, reclaim, tick
from governance.handoff.drifting import observe_due
from governance.handoff.liveness import cluster_beat, cluster_silence
from governance.handoff.results import finish_observation, finish_rehearsal, finish_run, progress, wish

__all__ = [
    "Claim", "ClaimLost", "abandon", "beat", "claim", "cluster_beat", "cluster_silence", "due", "finish_observation", "finish_rehearsal",
    "finish_run", "let_go", "lost", "observe_due", "on_due", "progress", "reclaim", "tick", "wish",
]  # fmt: skip
