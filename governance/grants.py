"""What the runner's role needs in a target, as SQL for a superuser there."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

RUNNER = "lockgate_runner"  # what its role is called where nobody says otherwise
GRANTS: Mapping[str, str] = {
    "owner": "GRANT {owner} TO {runner};",
    "database": "GRANT CREATE ON DATABASE {database} TO {owner};",
    "schema": "GRANT CREATE ON SCHEMA {schema} TO {owner};",
    "pg_monitor": "GRANT pg_monitor TO {runner};",
    "pg_signal_backend": "GRANT pg_signal_backend TO {runner};",
    "restore point": "GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO {runner};",
}


@dataclass(frozen=True, slots=True)
class Names:
    database: str
    schema: str
    runner: str
    owner: str


def expected(target: str, owner: str, runner: str = RUNNER) -> Names:
    """Before the target was asked: a database called like the target, and the usual schema. `owner`: "" is the runner itself."""
    return Names(target, "public", runner, owner or runner)


def statements(names: Names) -> dict[str, str]:
    """All grants, whether held or not."""
    identifiers = {field.name: _quoted(getattr(names, field.name)) for field in fields(names)}
    needless = {"owner"} if names.owner == names.runner else set()
    return {what: grant.format(**identifiers) for what, grant in GRANTS.items() if what not in needless}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
