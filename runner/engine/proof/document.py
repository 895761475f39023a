"""docs/locks.md, out of the tables of the analysis and the statements on which they are proved."""

from collections.abc import Iterable, Iterator

from governance.analysis.actions import Kind
from governance.analysis.effects import EFFECTS, Effect, LockMode, Reach
from governance.analysis.majors import SINCE
from governance.facts import Facts
from runner.engine.proof.cases import Case
from runner.engine.proof.observe import Sight
from runner.engine.proof.pages import PAGES
from runner.engine.proof.proofs import predict

MANUAL = "https://www.postgresql.org/docs/current/"
BLOCKED = {
    LockMode.ACCESS_SHARE: "lock it ACCESS EXCLUSIVE",
    LockMode.ROW_SHARE: "lock it EXCLUSIVE or ACCESS EXCLUSIVE",
    LockMode.ROW_EXCLUSIVE: "build an index on it, or lock it SHARE or stronger in another way",
    LockMode.SHARE_UPDATE_EXCLUSIVE: "change its schema, vacuum or analyze it",
    LockMode.SHARE: "write it",
    LockMode.SHARE_ROW_EXCLUSIVE: "write it, build an index on it",
    LockMode.EXCLUSIVE: "write it, lock its rows",
    LockMode.ACCESS_EXCLUSIVE: "read or write it",
}
HEAD = f"""\
# What statements lock

This page is written by `manage.py prove_locks --document > docs/locks.md` from the tables by which the analysis judges
(`governance/analysis/{{effects,refinements,below,partners,majors}}.py`), and a test holds it to them. `manage.py prove_locks` executes
every statement below on a populated database, reads pg_locks, relfilenodes and scan counters, and exits with 1 when the server does
something else than is written here; `make prove-locks` does so on PostgreSQL 13 to 18. A server of your own: `--dsn`, with a superuser's
connection string; only databases made for the purpose are used.

**A relation** is here what other sessions may have to wait for: tables, partitioned and foreign tables, views, materialized views. A
sequence is named where its next number has to be waited for (SHARE and stronger), an index where it is locked and its table is not;
otherwise indexes count as parts of their tables. TOAST tables and the system catalogues are left out.

**Rewrite**: every row is written anew into another file, and every index with it. **Scan**: the table is read from end to end. **Index
build**: a new index, or existing ones anew, while the lock is held. What a plain query reads is the planner's choice and not written here.

## Lock modes

The names are those of pg_locks; what conflicts with what: [Explicit Locking]({MANUAL}explicit-locking.html).

| mode | other sessions cannot |
|---|---|
"""
FAMILIES = """
## Families

What each family does where neither the statement's details nor facts about the target make a difference.

| family | lock | as far as | further relations it names | rewrite | scan | index build | manual |
|---|---|---|---|---|---|---|---|
"""
MAJORS = """
## What differs between versions

| since | what |
|---|---|
"""
STATEMENTS = """
## Every statement that is proved

On PostgreSQL 18, in the marketplace of `runner/engine/proof/marketplace.sql`. Each relation with its strongest lock.

| statement | locks |
|---|---|
"""


def document(cases: Iterable[Case], facts: Facts) -> str:
    modes = "".join(f"| {mode} | {BLOCKED[mode]} |\n" for mode in LockMode)
    families = "".join(_family(kind, effect) for kind, effect in EFFECTS.items())
    majors = "".join(f"| {since} | {what} |\n" for what, since in SINCE.items())
    return "".join([HEAD, modes, FAMILIES, families, MAJORS, majors, STATEMENTS, *_statements(cases, facts)])


def _family(kind: Kind, effect: Effect) -> str:
    page = PAGES[kind]
    reach = effect.reach if effect.reach is not Reach.NONE else ""
    cells = [kind, effect.mode or "", reach, effect.others or "", *map(_mark, (effect.rewrite, effect.scan, effect.reindex))]
    return f"| {' | '.join(cells)} | [{page.removeprefix('sql-')}]({MANUAL}{page}.html) |\n"


def _mark(claim: bool) -> str:
    return "yes" if claim else ""


def _statements(cases: Iterable[Case], facts: Facts) -> Iterator[str]:
    for case in cases:
        settings = "".join(f" ({name} = {value})" for name, value in case.settings.items())
        locks = "<br>".join(map(described, predict(case, facts))) or "nothing"
        yield f"| `{case.script.replace('|', chr(92) + '|')}`{settings} | {locks} |\n"


def described(sight: Sight) -> str:
    claims = (("rewrite", sight.rewrite), ("index build", sight.reindex), ("scan", sight.scan))
    return ", ".join([f"{sight.relation.removeprefix('public.')} {sight.mode}", *(word for word, claim in claims if claim)])
