"""Where a recovery of the whole server could go back to: WAL position and named restore point, recorded before anything is executed.

https://www.postgresql.org/docs/current/continuous-archiving.html
"""

import psycopg

from governance.orders import Recovery
from runner.engine.session import Session, application_name

TABLE = """
CREATE TABLE IF NOT EXISTS lockgate.recovery (
    run text PRIMARY KEY,
    lsn pg_lsn NOT NULL,
    name text NOT NULL,
    unavailable text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
KEEP = "INSERT INTO lockgate.recovery (run, lsn, name, unavailable) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
KEPT = "SELECT lsn::text, name, unavailable FROM lockgate.recovery WHERE run = %s"
# What nothing archives can be recovered from nowhere.
ARCHIVING = """
SELECT CASE
    WHEN current_setting('archive_mode') = 'off' THEN 'archive_mode is off'
    WHEN current_setting('archive_command') IN ('', '(disabled)') AND coalesce(current_setting('archive_library', true), '') = ''
        THEN 'archive_command is empty'
    WHEN last_failed_time > coalesce(last_archived_time, '-infinity') THEN 'archiving fails since ' || last_failed_time
    ELSE '' END
FROM pg_stat_archiver
"""
NOT_GRANTED = "the runner may not make restore points (`manage.py grants` prints what it takes), so only the position is known"


def keep(session: Session) -> None:
    """Once for each run, whatever its attempts."""
    session.connection.execute(TABLE)
    if kept(session) is None:
        found = _taken(session)
        session.connection.execute(KEEP, [session.order.run, found.lsn, found.name, found.unavailable])


def kept(session: Session) -> Recovery | None:
    if session.connection.execute("SELECT to_regclass('lockgate.recovery')").fetchone() == (None,):
        return None
    found = session.connection.execute(KEPT, [session.order.run]).fetchone()
    return Recovery(*found) if found else None


def _taken(session: Session) -> Recovery:
    connection, name = session.connection, application_name(session.order.run)
    why = (connection.execute(ARCHIVING).fetchone() or ("",))[0]
    try:
        with connection.transaction():
            connection.execute("SET LOCAL ROLE NONE")  # the right is the runner's, not the owner's
            lsn = connection.execute("SELECT pg_create_restore_point(%s)::text", [name]).fetchone()
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState) as error:
        denied = NOT_GRANTED if isinstance(error, psycopg.errors.InsufficientPrivilege) else str(error.diag.message_primary)
        lsn, name, why = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone(), "", "; ".join(filter(None, (why, denied)))
    assert lsn
    return Recovery(lsn[0], name, why)
