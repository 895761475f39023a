"""Checks as values: those an author writes in a check script, and the catalogue from which a change takes what fits it."""

import re
from collections.abc import Collection, Iterable

from governance.analysis.nodes import Node
from governance.analysis.statements import parse, split
from governance.errors import BadCheck, TransactionControl, UnparsableScript
from governance.orders import Check, Moment, Question, Statement

HEADING = re.compile(r"^\s*--\s*(?P<key>check|question|moment|expect)\s*:\s*(?P<value>.*?)\s*$", re.IGNORECASE)
EXPECTATION = re.compile(r"no rows|rows|unchanged|value .+")
QUERIES = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
QUESTIONS = ", ".join(Question)
MOMENTS = ", ".join(Moment)


def parse_checks(name: str, text: str) -> tuple[Check, ...]:
    """Each query of a check script, with the comment lines before it: check, question, moment (after), expect.

    Raises BadCheck with the line and what would be right.
    """
    try:
        statements = split(name, text)
    except UnparsableScript as error:
        raise BadCheck(name, error.line, error.why, "Write each check as one SELECT.") from error
    except TransactionControl as error:
        raise BadCheck(name, error.line, f"a check only reads, and this is {error.word}", "Leave it out.") from error
    lines = text.splitlines()
    checks, start = [], 0
    for statement in statements:
        headings = _headings(name, lines, start, statement.line - 1)
        checks.append(_check(name, statement, headings))
        start = statement.line + statement.text.count("\n")
    _refuse_twice(name, statements, checks)
    return tuple(checks)


def _headings(name: str, lines: list[str], start: int, end: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for number in range(start, end):
        match = HEADING.match(lines[number])
        if match:
            key = match["key"].lower()
            if key in found:
                raise BadCheck(
                    name, number + 1, f"there is a second `-- {key}:` before the query", "End the query before with a semicolon."
                )
            found[key] = match["value"]
    return found


def _check(name: str, statement: Statement, headings: dict[str, str]) -> Check:
    def bad(why: str, right: str) -> BadCheck:
        return BadCheck(name, statement.line, why, right)

    for key, example in (("check", "no bid without a project"), ("question", QUESTIONS), ("expect", "no rows")):
        if not headings.get(key):
            raise bad(f"the query has no `-- {key}:` line before it", f"Write for example `-- {key}: {example}`.")
    if not _is_query(statement):
        raise bad(f"a check only reads, and this is {statement.tag}", "Write one SELECT, WITH … SELECT, VALUES or TABLE.")
    question, moment = headings["question"].lower().replace(" ", "_"), headings.get("moment", Moment.AFTER).lower().replace(" ", "_")
    if question not in list(Question):
        raise bad(f"`{headings['question']}` is not a question", f"Use one of {QUESTIONS}.")
    if moment not in list(Moment):
        raise bad(f"`{headings['moment']}` is not a moment", f"Use one of {MOMENTS}.")
    if not EXPECTATION.fullmatch(headings["expect"]):
        raise bad(f"`{headings['expect']}` is not an expectation", "Use `no rows`, `rows`, `unchanged` or `value <text>`.")
    return Check(headings["check"], Question(question), Moment(moment), statement.text, headings["expect"])


def _is_query(statement: Statement) -> bool:
    (node,) = parse(statement.text)
    return node.node_type == "SelectStmt" and not any(map(_changes_something, node.walk()))


def _changes_something(node: Node) -> bool:
    return node.node_type in WRITES or node.node_type in ("IntoClause", "LockingClause")


def _refuse_twice(name: str, statements: tuple[Statement, ...], checks: list[Check]) -> None:
    seen: set[str] = set()
    for statement, check in zip(statements, checks, strict=True):
        if check.name in seen:
            raise BadCheck(name, statement.line, f"the name `{check.name}` is taken by another check", "Give each check a name of its own.")
        seen.add(check.name)


def builtin_checks(
    tables: Iterable[str],
    *,
    created: Collection[str] = (),
    removed: Collection[str] = (),
    written: Collection[str] = (),
    secured: Collection[str] = (),
    constraints: Collection[str] = (),
) -> tuple[Check, ...]:
    """The catalogue's checks that fit a change of these tables, given as "schema.table".

    The collections are those of `Analysis`: without them a change is taken to write no rows and to leave security alone.
    """
    existing = tuple(table for table in dict.fromkeys(tables) if table not in removed and table not in created)
    guarded = tuple(table for table in existing if table not in secured)
    kept = tuple(table for table in existing if table not in written)
    found = [Check("no invalid indexes", Question.PERFORMANCE, Moment.AFTER, INVALID_INDEXES, "no rows")]
    if constraints:
        query = _on(UNVALIDATED, constraints)
        found.append(Check("constraints of this change are valid", Question.REFERENTIAL_INTEGRITY, Moment.AFTER, query, "no rows"))
    if existing:
        query = _on(DISABLED_FOREIGN_KEYS, existing)
        found.append(Check("foreign keys are enforced", Question.REFERENTIAL_INTEGRITY, Moment.AFTER, query, "unchanged"))
        query = _on(DISABLED_TRIGGERS, existing)
        found.append(Check("triggers stay enabled", Question.BUSINESS_RULES, Moment.AFTER, query, "unchanged"))
    if guarded:
        found.append(Check("owners, grants and policies", Question.SECURITY, Moment.AFTER, _on(SECURITY, guarded), "unchanged"))
    if kept:
        query = _on(OWN_INSERTS_AND_DELETES, kept)
        found.append(Check("no row added or lost", Question.COMPLETENESS, Moment.IN_TRANSACTION, query, "no rows"))
        found.append(Check("no row altered", Question.ACCURACY, Moment.IN_TRANSACTION, _on(OWN_UPDATES, kept), "no rows"))
    return tuple(found)


def _on(query: str, names: Iterable[str]) -> str:
    literals = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return query.replace(":names", literals)


INVALID_INDEXES = """\
SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"""

UNVALIDATED = """\
SELECT conrelid::regclass, conname FROM pg_constraint
JOIN pg_class ON pg_class.oid = conrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE NOT convalidated AND nspname || '.' || relname || '.' || conname IN (:names)"""

# A foreign key is a pair of internal triggers on each side; DISABLE TRIGGER ALL switches them off.
DISABLED_FOREIGN_KEYS = """\
SELECT tgrelid::regclass, tgconstraint FROM pg_trigger
JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE tgisinternal AND tgenabled = 'D' AND nspname || '.' || relname IN (:names) ORDER BY 1, 2"""

DISABLED_TRIGGERS = """\
SELECT tgrelid::regclass, tgname FROM pg_trigger
JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE NOT tgisinternal AND tgenabled = 'D' AND nspname || '.' || relname IN (:names) ORDER BY 1, 2"""

SECURITY = """\
SELECT md5(string_agg(concat_ws(' ', nspname, relname, relowner::regrole, relacl::text, relrowsecurity, relforcerowsecurity, policies),
                      E'\\n' ORDER BY nspname, relname))
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
LEFT JOIN LATERAL (
    SELECT string_agg(concat_ws(' ', polname, polcmd, polpermissive, polroles::text, pg_get_expr(polqual, polrelid),
                                pg_get_expr(polwithcheck, polrelid)), E'\\n' ORDER BY polname) AS policies
    FROM pg_policy WHERE polrelid = pg_class.oid
) AS of_table ON true
WHERE nspname || '.' || relname IN (:names)"""

# What this session's own transaction has done, exactly and at no cost; other people's writes do not count.
# https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-VIEWS
OWN_INSERTS_AND_DELETES = """\
SELECT schemaname, relname, n_tup_ins, n_tup_del FROM pg_stat_xact_user_tables
WHERE n_tup_ins + n_tup_del > 0 AND schemaname || '.' || relname IN (:names)"""

OWN_UPDATES = """\
SELECT schemaname, relname, n_tup_upd FROM pg_stat_xact_user_tables
WHERE n_tup_upd > 0 AND schemaname || '.' || relname IN (:names)"""
