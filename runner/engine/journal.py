"""One row for each statement that no transaction protects: written before it starts and after it ends."""

from enum import StrEnum

from governance.orders import Script, Told
from runner.engine.session import Session

PLAN = "INSERT INTO lockgate.journal (run, script, position, statement, status) VALUES (%s, %s, %s, %s, 'planned') ON CONFLICT DO NOTHING"
START = """
UPDATE lockgate.journal SET status = 'started', backend_pid = pg_backend_pid(), started_at = clock_timestamp(), finished_at = NULL
WHERE run = %s AND script = %s AND position = %s
"""
FINISH = "UPDATE lockgate.journal SET status = %s, finished_at = clock_timestamp() WHERE run = %s AND script = %s AND position = %s"
TOLD = "ALTER TABLE lockgate.journal ADD COLUMN IF NOT EXISTS told text"  # which tables of earlier versions lack
TELL = """
UPDATE lockgate.journal SET status = %s, told = %s, finished_at = clock_timestamp()
WHERE run = ANY(%s) AND script = %s AND position = %s AND status = 'started'
"""
READ = """
SELECT DISTINCT ON (position) position, statement, status FROM lockgate.journal
WHERE run = ANY(%s) AND script = %s AND status <> 'planned' ORDER BY position, started_at DESC
"""


class Entry(StrEnum):
    STARTED = "started"  # and nobody wrote how it ended: ask the catalogue
    FAILED = "failed"
    DONE = "done"


def plan(session: Session, script: Script) -> None:
    with session.connection.transaction(), session.connection.cursor() as cursor:
        rows = [(session.order.run, script.name, number, statement.text) for number, statement in enumerate(script.statements, 1)]
        cursor.executemany(PLAN, rows)


def start(session: Session, script: Script, number: int) -> None:
    session.connection.execute(START, [session.order.run, script.name, number])


def finish(session: Session, script: Script, number: int, entry: Entry) -> None:
    session.connection.execute(FINISH, [entry.value, session.order.run, script.name, number])


def tell(session: Session, script: Script, number: int, told: Told) -> None:
    """How it ended, as a person says."""
    runs = [session.order.run, *session.order.earlier]
    with session.connection.transaction():
        session.connection.execute(TOLD)
        session.connection.execute(TELL, [Entry.DONE if told.applied else Entry.FAILED, str(told), runs, script.name, number])


def read(session: Session, script: Script) -> dict[int, Entry]:
    """By the statement's number in its script, counted from 1; the last word of this run and of those that it goes on with."""
    order = session.order
    rows = session.connection.execute(READ, [[order.run, *order.earlier], script.name])
    texts = dict(enumerate((statement.text for statement in script.statements), 1))
    return {number: Entry(status) for number, text, status in rows if texts.get(number) == text}
