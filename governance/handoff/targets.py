"""How a target is reached: names, never the connection string."""

from dataclasses import dataclass

from governance.models import Target


@dataclass(frozen=True, slots=True)
class Access:
    name: str
    variable: str  # of the runner's environment
    owner: str  # role that owns the objects; "" if the runner signs in as the owner


def access_to(name: str) -> Access | None:
    target = Target.objects.filter(name=name).first()
    return Access(target.name, target.connection, target.owner_role) if target else None


def production_variables() -> dict[str, str]:
    """Of the targets that customers use: the environment variable of each, and its name."""
    return dict(Target.objects.filter(environment__production=True).values_list("connection", "name"))
