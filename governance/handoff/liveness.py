"""Whether the queue's workers still execute tasks. A cluster can stop without a word, so somebody outside has to look."""

from django.utils import timezone

from governance.models import ClusterBeat


def cluster_beat() -> None:
    """Called by a task: reaching this line is the proof."""
    ClusterBeat.objects.update_or_create(pk=1, defaults={"at": timezone.now()})


def cluster_silence() -> float | None:
    """Seconds since a task was last executed; None before the first."""
    beat = ClusterBeat.objects.filter(pk=1).first()
    return (timezone.now() - beat.at).total_seconds() if beat else None
