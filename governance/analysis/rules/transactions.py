"""Rules about transactions: what runs in which, and how long its locks are held or waited for."""

import re
from collections.abc import Iterator
from itertools import chain

from governance.analysis.actions import Kind
from governance.analysis.rule import GUARDED, SMALL_TABLE, UNGUARDED, Hit, Level, Place, Read, hit, rule
from governance.orders import Statement
from governance.values import dataclass

BEGINS, ENDS = frozenset({"begin", "start"}), frozenset({"commit", "rollback", "prepare"})
TIMEOUTS = {
    "lock_timeout": ("waits for a lock", "every query on the table that comes later waits behind it", Level.WARNING),
    "statement_timeout": ("works", "what it has locked stays locked that long", Level.NOTICE),
}
NEVER = re.compile(r"0+\s*(us|ms|s|min|h|d)?")
TOGETHER = (GUARDED, Kind.TRANSACTION)  # who may say that statements run in one transaction
PASSING = frozenset({Kind.SESSION, Kind.SELECT})
WORKING = frozenset({Kind.UPDATE, Kind.DELETE, Kind.INSERT, Kind.MERGE})


@dataclass(frozen=True, slots=True)
class Part:
    """Statements of one script, each as its places, that run in one transaction, or each in its own."""

    statements: list[list[Place]]
    together: bool


def parts(read: Read) -> Iterator[Part]:
    """The runner puts a script that can be in one transaction into one; everybody else does what the script says."""
    for script, statements in read.by_script:
        if read.guarded:
            yield Part(statements, script.transactional)
        elif read.of(Kind.TRANSACTION):
            yield from _as_written(statements)
        else:
            yield Part(statements, together=False)


def _as_written(statements: list[list[Place]]) -> Iterator[Part]:
    begun, inside = 0, False
    for number, places in enumerate(statements):
        action = places[0].action
        if action.kind is Kind.TRANSACTION and action.type in BEGINS | ENDS:
            yield Part(statements[begun:number], inside)
            begun, inside = number + 1, action.type in BEGINS
    yield Part(statements[begun:], inside)


@rule("lock-held-while-working", Level.WARNING, rollback=True, on=TOGETHER)
def lock_held_while_working(read: Read) -> Iterator[Hit]:
    for part in parts(read):
        if part.together:
            yield from _held(part)


def _held(part: Part) -> Iterator[Hit]:
    held: dict[str, Place] = {}
    for places in part.statements:
        # a SHARE lock of CREATE INDEX ends with its work; rules about the statement itself speak of that
        work = next((place for place in places if _works(place)), None)
        before = {relation: place for relation, place in held.items() if place.statement is not places[0].statement}
        if work and before:
            relation, first = next(iter(before.items()))
            yield hit(
                work,
                f"While this statement works, {relation} stays locked, which line {first.statement.line} has begun.",
                f"A lock lasts until the transaction ends, here as long as {work.table or 'this'} takes with {work.size}.",
                "-- in a script of its own, so that the lock is given back first:\n" + f"{work.statement.text};",
            )
            return
        held.update({lock.relation: place for place in places for lock in place.locks if lock.blocks_writes})


def _works(place: Place) -> bool:
    """Whether it takes long: it reads or writes a table that is not small."""
    if place.is_new or (place.rows is not None and place.rows < SMALL_TABLE):
        return False
    return place.rewrites or place.scans or (place.action.kind in WORKING and place.action.everything)


@rule("ban-concurrent-index-creation-in-transaction", Level.BLOCKING, rollback=True, on=TOGETHER)
def ban_concurrent_index_creation_in_transaction(read: Read) -> Iterator[Hit]:
    for part in parts(read):
        for place, *_ in part.statements if part.together else ():
            statement = place.statement
            if not statement.transactional:
                yield hit(
                    place,
                    f"{statement.tag} cannot run inside a transaction: PostgreSQL refuses it.",
                    "It stops with “cannot run inside a transaction block” (25001), and the transaction with it.",
                    f"{statement.text};  -- after COMMIT, or in a script of its own",
                )


@rule("mixed-transaction", Level.WARNING, rollback=True)
def mixed_transaction(read: Read) -> Iterator[Hit]:
    for script in read.scripts:
        outside = [statement for statement in script.statements if not statement.transactional]
        inside = [statement for statement in script.statements if statement.transactional and not _is_idle(statement)] if outside else []
        if inside:
            split = _script("1", inside) + _script("2, without a transaction", outside)
            yield Hit(
                script,
                f"{outside[0].tag} cannot run in a transaction, the other statements should: no runner can do both with one script.",
                "If the script stops in the middle, what was done before stays, and nobody can tell what; in two scripts it can be told.",
                split,
                outside[0],
            )


def _is_idle(statement: Statement) -> bool:
    """It opens or ends transactions, or only sets up the session."""
    return statement.tag in ("BEGIN", "COMMIT", "ROLLBACK", "START", "SET", "RESET", "SELECT")


def _script(name: str, statements: list[Statement]) -> str:
    return "\n".join([f"-- script {name}:", *(f"{statement.text};" for statement in statements), ""])


@rule("transaction-nesting", Level.WARNING, rollback=True, on=[Kind.TRANSACTION])
def transaction_nesting(read: Read) -> Iterator[Hit]:
    for script in read.scripts:
        inside = False
        for place in (found for found in read.of(Kind.TRANSACTION) if found.script is script):
            word = place.action.type
            if (word in BEGINS and inside) or (word in ENDS and not inside):
                yield hit(
                    place,
                    f"{place.statement.tag} stands where {'a transaction is open already' if inside else 'none is open'}.",
                    "PostgreSQL only warns, and the script's author counts on a transaction that is not as they think.",
                    "-- leave it out; SAVEPOINT and ROLLBACK TO are what nests",
                )
            inside = word in BEGINS if word in BEGINS | ENDS else inside


@rule("ban-uncommitted-transaction", Level.WARNING, rollback=True, on=[Kind.TRANSACTION])
def ban_uncommitted_transaction(read: Read) -> Iterator[Hit]:
    for script in read.scripts:
        found = [place for place in read.of(Kind.TRANSACTION) if place.script is script and place.action.type in BEGINS | ENDS]
        if found and found[-1].action.type in BEGINS:
            yield hit(
                found[-1],
                "This transaction is never ended: its work is undone when the session ends, or its locks stay.",
                "Whoever runs the script sees every statement succeed, and nothing of it remains.",
                "COMMIT;  -- at the end of the script",
            )


@rule("require-lock-timeout", Level.WARNING, on=[UNGUARDED])
def require_lock_timeout(read: Read) -> Iterator[Hit]:
    yield from _without_setting(
        read,
        "lock_timeout",
        "While {table} is waited for, every query on it that comes later waits too: no lock_timeout bounds it.",
        "One long transaction on the table is enough; try again after the timeout, with a pause. Lockgate's runner does so by itself.",
        "SET lock_timeout = '1s';",
    )


@rule("require-statement-timeout", Level.NOTICE, on=[UNGUARDED])
def require_statement_timeout(read: Read) -> Iterator[Hit]:
    yield from _without_setting(
        read,
        "statement_timeout",
        "Once {table} is locked, nothing bounds how long this statement keeps it: no statement_timeout is set.",
        "A statement that takes longer than anybody thought holds everybody up until somebody notices. Lockgate's runner sets one.",
        "SET statement_timeout = '5s';",
    )


def _without_setting(read: Read, name: str, says: str, why: str, instead: str) -> Iterator[Hit]:
    """Once per script, at the first statement that others may have to wait for. The runner sets timeouts by itself."""
    for _, statements in read.by_script:
        for place in chain.from_iterable(statements):
            if place.node.node_type == "VariableSetStmt" and place.node.name in (name, "transaction_timeout"):
                break
            if place.statement.transactional and _keeps_waiting(place):
                yield hit(place, says.format(table=place.table or "its table"), why, f"{instead}  -- before it")
                break


def _keeps_waiting(place: Place) -> bool:
    # without facts nobody knows the table of an index
    return place.stops_writes or place.action.kind in (Kind.DROP_INDEX, Kind.REINDEX)


@rule("timeout-switched-off", Level.WARNING, rollback=True, on=["VariableSetStmt"])
def timeout_switched_off(read: Read) -> Iterator[Hit]:
    for place in read.statements("VariableSetStmt"):
        name = place.action.name
        if name in TIMEOUTS and NEVER.fullmatch(place.action.new_name):
            does, then, level = TIMEOUTS[name]
            yield hit(
                place,
                f"Nothing bounds any more how long a statement {does}: zero switches {name} off.",
                f"However long it takes, {then}. A script's own value holds instead of the one that Lockgate's runner sets.",
                f"SET {name} = '5s';  -- or leave it out",
                level,
            )


@rule("prefer-robust-stmts", Level.NOTICE, on=[UNGUARDED])
def prefer_robust_stmts(read: Read) -> Iterator[Hit]:
    for part in parts(read):
        lasting = [places[0] for places in part.statements if places[0].action.kind not in PASSING]
        failing = next((place for place in lasting if not place.action.conditional), None)
        if failing and len(lasting) > 1 and not part.together:
            yield hit(
                failing,
                "If the script stops in the middle, it can be run again neither from its start nor as a whole.",
                "Outside of a transaction each statement stays done, and fails when it comes again. Lockgate's runner opens one by itself.",
                "BEGIN;\n-- all statements that can run in a transaction\nCOMMIT;",
            )
