"""deploy/roles.sql: what it leaves is enough to work with, and too little to rewrite what happened."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, transaction
from django.test import Client
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from governance import handoff, workflow
from governance.models import AuditEvent, Observation, Phase, Rehearsal
from governance.orders import RunStatus
from portal.embedded import EmbeddedServer, binaries
from portal.health import unapplied
from tests import factories
from tests.databases import default_database

ROLES_SQL = settings.BASE_DIR / "deploy" / "roles.sql"
ROLES = ("owner", "web", "runner")


@dataclass(frozen=True)
class Portal:
    server: str
    names: dict[str, str]

    def url(self, role: str) -> str:
        given = {**conninfo_to_dict(self.server), "dbname": self.names["database"], "user": self.names[role], "password": "a long password"}
        return make_conninfo(**given)

    def run_roles_sql(self) -> None:
        variables = [f"--set={name}={value}" for name, value in self.names.items()]
        run("psql", "--quiet", "--no-psqlrc", *variables, "--file", ROLES_SQL, self.server)


def run(program: str, *arguments: str | Path) -> None:
    subprocess.run([binaries() / program, *arguments], check=True, capture_output=True, env={"PATH": os.environ["PATH"]})


@pytest.fixture(scope="module")
def portal(server: EmbeddedServer, django_db_blocker) -> Iterator[Portal]:
    """Roles, then migrations as the owner, then the grants of what was made."""
    mark = factories.unique()
    made = Portal(server.url(), {name: f"{name}_{mark}" for name in ("database", *ROLES)})
    made.run_roles_sql()
    with psycopg.connect(made.server, autocommit=True) as superuser:
        for role in ROLES:
            superuser.execute(f"ALTER ROLE {made.names[role]} PASSWORD 'a long password'")
        with django_db_blocker.unblock(), default_database(made.url("owner")):
            call_command("migrate", verbosity=0)
        made.run_roles_sql()
        yield made
        superuser.execute(f"DROP DATABASE {made.names['database']} WITH (FORCE)")
        superuser.execute(f"DROP ROLE {', '.join(made.names[role] for role in ROLES)}")


@pytest.fixture(scope="module")
def as_role(portal: Portal, django_db_blocker) -> Callable:
    @contextmanager
    def signed_in(role: str) -> Iterator[None]:
        with django_db_blocker.unblock(), default_database(portal.url(role)):
            yield

    return signed_in


@pytest.fixture(scope="module")
def phase(as_role) -> Phase:
    """Submitted as the web role by people whom that role has made, too."""
    with as_role("web"), transaction.atomic():
        factories.make_targets()
        cast = factories.make_cast()
    with as_role("web"):
        return factories.phase_of(factories.make_spec(cast))


def test_web_and_runner_lead_a_change_together(as_role, phase):
    with as_role("runner"):
        factories.observe(phase)
        handoff.tick()
        handoff.cluster_beat()
    with as_role("web"):
        person = Client()
        person.force_login(phase.spec.author)
        page = person.get("/")
        workflow.request_rehearsal(actor=phase.spec.author, phase=phase)
        ready = Client().get("/readyz")

    with as_role("owner"):
        assert not Observation.objects.filter(status=RunStatus.QUEUED).exists()
        assert AuditEvent.objects.filter(actor="system:runner", kind="observe.claim").exists()
        assert Rehearsal.objects.filter(phase=phase, status=RunStatus.QUEUED).exists()
    assert (page.status_code, ready.status_code) == (200, 200)


FORBIDDEN = [
    "UPDATE governance_auditevent SET text = 'nothing happened'",
    "DELETE FROM governance_auditevent",
    "TRUNCATE governance_auditevent",
    "UPDATE governance_historicalspec SET title = 'another'",
    "DELETE FROM governance_historicalspec",
    "DELETE FROM governance_run",
    "DELETE FROM governance_rehearsal",
    "UPDATE governance_sample SET values = '{}'",
    "ALTER TABLE governance_auditevent DISABLE TRIGGER ALL",
    "ALTER TABLE governance_spec DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "CREATE TABLE mine (id int)",
    "CREATE TEMP TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "DROP TABLE governance_spec",
    "DELETE FROM django_migrations",
    "CREATE OR REPLACE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql RETURN 1",
]


@pytest.mark.parametrize("role", ["web", "runner"])
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_serving_roles_cannot_rewrite_what_happened(portal, role, statement):
    with psycopg.connect(portal.url(role)) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT session_key FROM django_session",
        "SELECT * FROM governance_apitoken",
        "UPDATE auth_user SET is_superuser = true",
        "INSERT INTO auth_user_groups (user_id, group_id) SELECT 1, 1",
    ],
)
def test_runner_cannot_become_somebody(portal, statement):
    with psycopg.connect(portal.url("runner")) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(statement)


def test_every_append_only_table_is_so_by_grants_too(portal):
    query = """
        SELECT count(*), count(*) FILTER (WHERE has_table_privilege(%(web)s, tgrelid, 'UPDATE, DELETE, TRUNCATE'))
        FROM pg_trigger WHERE tgname LIKE 'pgtrigger\\_append\\_only\\_%%'"""

    with psycopg.connect(portal.url("owner")) as session:
        tables, writable = session.execute(query, portal.names).fetchone()

    assert tables > 20
    assert writable == 0


def test_backup_is_restored_beside_the_portal(portal, phase, tmp_path, django_db_blocker):
    drill = Portal(portal.server, {**portal.names, "database": f"{portal.names['database']}_drill"})
    dump = tmp_path / "lockgate.dump"

    run("pg_dump", portal.url("owner"), "--format=custom", "--no-owner", f"--file={dump}")
    drill.run_roles_sql()
    run("pg_restore", f"--dbname={drill.url('owner')}", "--no-owner", "--no-privileges", "--exit-on-error", dump)
    drill.run_roles_sql()

    with django_db_blocker.unblock(), default_database(drill.url("web")):
        assert unapplied() == []
        assert Phase.objects.get(pk=phase.pk).spec.title == phase.spec.title
        assert AuditEvent.objects.filter(actor=phase.spec.author.username).exists()
        with pytest.raises(ProgrammingError, match="permission denied"):
            AuditEvent.objects.update(text="nothing happened")
    with psycopg.connect(portal.server, autocommit=True) as superuser:
        superuser.execute(f"DROP DATABASE {drill.names['database']} WITH (FORCE)")


def test_strangers_cannot_connect(portal):
    with psycopg.connect(portal.server, autocommit=True) as superuser:
        superuser.execute(f"CREATE ROLE {portal.names['web']}_stranger LOGIN PASSWORD 'a long password'")
        stranger = Portal(portal.server, {**portal.names, "web": f"{portal.names['web']}_stranger"})

        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(stranger.url("web"))

        superuser.execute(f"DROP ROLE {stranger.names['web']}")
