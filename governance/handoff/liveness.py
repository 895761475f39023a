"""Whether the queue's workers still execute tasks. A cluster can stop without a word, so somebody outside has to look."""

from django.db.models import Max
from django.utils import timezone

from governance.models import ClusterBeat, Heartbeat


def cluster_beat() -> None:
    """Called by a task: reaching this line is the proof."""
    ClusterBeat.objects.update_or_create(pk=1, defaults={"at": timezone.now()})


def cluster_silence() -> float | None:
    """Seconds since a task was last executed, or since a worker said that it still works on one; None before the first."""
    beat = ClusterBeat.objects.filter(pk=1).first()
    busy = Heartbeat.objects.aggregate(latest=Max("at"))["latest"]
    heard = [at for at in (beat.at if beat else None, busy) if at]
    return (timezone.now() - max(heard)).total_seconds() if heard else None
