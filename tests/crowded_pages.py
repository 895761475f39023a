"""The pages whose work grows with the number of changes."""

from governance.models import Phase, Run, Spec
from tests.addresses import routes

SEARCHES = (
    "/governance/spec/?q=closed", "/governance/spec/?q=CHG-12", "/governance/spec/?phases__stage__exact=9", "/governance/spec/?p=40",
    "/governance/run/?status__exact=succeeded", "/audit/?q=level", "/audit/?refused=on", "/governance/auditevent/?q=level",
)  # fmt: skip


def crowded_pages() -> list[str]:
    """Home, the designed pages, every list, searches, and the pages of a change in the middle of the crowd."""
    spec = Spec.objects.filter(title__startswith="Booked ").order_by("pk")[0]
    phase, run = Phase.objects.get(spec=spec), Run.objects.filter(deployment__phase__spec=spec)[0]
    lists = [f"/{route}" for route in routes() if route.startswith("governance/") and route.count("/") == 2]
    of_one = [f"/governance/spec/{spec.pk}/change/", f"/approve/{phase.pk}/business/", f"/changes/{spec.pk}/specification/"]
    designed = ["/", "/calendar/", "/matrix/", "/audit/", "/schema/", "/schema/production_db/", "/schema/production_db/public.contractors/"]
    governed = ["/report/", "/lessons/", "/debts/", "/approve/", "/policy/", "/templates/"]
    return [*designed, *governed, *lists, *SEARCHES, *of_one, f"/governance/run/{run.pk}/change/"]
