"""Whether the queue's workers still execute tasks. A cluster can stop without a word, so somebody outside has to look."""

from django.utils import timezone

from governance.models import ClusterBeat, Heartbeat


def cluster_beat() -> None:
    """Called by a task: reaching this line is the proof."""
    ClusterBeat.objects.update_or_create(pk=1, defaults={"at": timezone.now()})


def cluster_silence() -> float | None:
    """Seconds since a task was last executed, or since a worker said that it still works on one; None before the first."""
    latest = ClusterBeat.objects.values("at").union(Heartbeat.objects.values("at")).order_by("-at").first()
    return (timezone.now() - latest["at"]).total_seconds() if latest else None
