"""Lock modes, and what each family of statements locks and does under the lock: a table.

`tests/governance/analysis/test_locks.py` runs the statements and compares with pg_locks. Which statement takes which lock:
https://www.postgresql.org/docs/current/explicit-locking.html and the page of each command.
"""

from dataclasses import dataclass
from enum import StrEnum

from governance.analysis.actions import Kind


class LockMode(StrEnum):
    """PostgreSQL's eight, weakest first, by the names that pg_locks shows."""

    ACCESS_SHARE = "AccessShareLock"
    ROW_SHARE = "RowShareLock"
    ROW_EXCLUSIVE = "RowExclusiveLock"
    SHARE_UPDATE_EXCLUSIVE = "ShareUpdateExclusiveLock"
    SHARE = "ShareLock"
    SHARE_ROW_EXCLUSIVE = "ShareRowExclusiveLock"
    EXCLUSIVE = "ExclusiveLock"
    ACCESS_EXCLUSIVE = "AccessExclusiveLock"

    @property
    def strength(self) -> int:
        return list(LockMode).index(self)

    @property
    def blocks_reads(self) -> bool:
        return self is LockMode.ACCESS_EXCLUSIVE

    @property
    def blocks_writes(self) -> bool:
        """Of other sessions: what conflicts with ROW EXCLUSIVE."""
        return self.strength >= LockMode.SHARE.strength


@dataclass(frozen=True, slots=True)
class Lock:
    relation: str  # schema.table
    mode: LockMode
    rewrite: bool = False  # the relation is written anew while the lock is held
    scan: bool = False  # it is read from end to end while the lock is held
    fresh: bool = False  # the change itself has created it: nobody else uses it yet

    @property
    def blocks(self) -> str:
        if self.fresh or not self.mode.blocks_writes:
            return "nothing"
        return "reads and writes" if self.mode.blocks_reads else "writes"


@dataclass(frozen=True, slots=True)
class Effect:
    """What one family does: to its own relation, and to the further relations that it names."""

    mode: LockMode | None
    others: LockMode | None = None
    rewrite: bool = False
    scan: bool = False
    others_scan: bool = False


AS, RS, RX = LockMode.ACCESS_SHARE, LockMode.ROW_SHARE, LockMode.ROW_EXCLUSIVE
SUX, S, SRX = LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.SHARE, LockMode.SHARE_ROW_EXCLUSIVE
X, AX = LockMode.EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE

EFFECTS: dict[Kind, Effect] = {
    Kind.CREATE_TABLE: Effect(AX, SRX),
    Kind.CREATE_TABLE_AS: Effect(AX, AS),
    Kind.CREATE_PARTITION: Effect(AX, AX),
    Kind.DROP_TABLE: Effect(AX, AX),
    Kind.RENAME_TABLE: Effect(AX),
    Kind.SET_SCHEMA: Effect(AX),
    Kind.ATTACH_PARTITION: Effect(SUX, AX, others_scan=True),
    Kind.DETACH_PARTITION: Effect(AX, AX),
    Kind.SET_TABLESPACE: Effect(AX, rewrite=True),
    Kind.SET_LOGGED: Effect(AX, rewrite=True),
    Kind.SET_ACCESS_METHOD: Effect(AX, rewrite=True),
    Kind.SET_OPTIONS: Effect(SUX),
    Kind.SET_STATISTICS: Effect(SUX),
    Kind.REPLICA_IDENTITY: Effect(AX),
    Kind.INHERIT: Effect(AX, SUX),
    Kind.TRUNCATE: Effect(AX, AX),
    Kind.COMMENT: Effect(SUX),
    Kind.ALTER_TABLE_OTHER: Effect(AX),
    Kind.ADD_COLUMN: Effect(AX, SRX),
    Kind.DROP_COLUMN: Effect(AX, AX),
    Kind.RENAME_COLUMN: Effect(AX),
    Kind.ALTER_COLUMN_TYPE: Effect(AX, AX, rewrite=True, others_scan=True),
    Kind.SET_NOT_NULL: Effect(AX, scan=True),
    Kind.DROP_NOT_NULL: Effect(AX),
    Kind.SET_DEFAULT: Effect(AX),
    Kind.DROP_DEFAULT: Effect(AX),
    Kind.SET_STORAGE: Effect(AX),
    Kind.ADD_CHECK: Effect(AX, scan=True),
    Kind.ADD_NOT_NULL: Effect(AX, scan=True),
    Kind.ADD_FOREIGN_KEY: Effect(SRX, SRX, scan=True, others_scan=True),
    Kind.ADD_UNIQUE: Effect(AX, scan=True),
    Kind.ADD_PRIMARY_KEY: Effect(AX, scan=True),
    Kind.ADD_EXCLUDE: Effect(AX, scan=True),
    Kind.VALIDATE_CONSTRAINT: Effect(SUX, RS, scan=True, others_scan=True),
    Kind.DROP_CONSTRAINT: Effect(AX, AX),
    Kind.RENAME_CONSTRAINT: Effect(AX),
    Kind.CREATE_INDEX: Effect(S, scan=True),
    Kind.DROP_INDEX: Effect(AX),
    Kind.REINDEX: Effect(S, scan=True),
    Kind.CREATE_STATISTICS: Effect(SUX),
    Kind.CREATE_VIEW: Effect(AX, AS),
    Kind.CREATE_MATERIALIZED_VIEW: Effect(AX, AS),
    Kind.REFRESH_MATERIALIZED_VIEW: Effect(AX, rewrite=True),
    Kind.DROP_VIEW: Effect(AX),
    Kind.CREATE_TRIGGER: Effect(SRX),
    Kind.DROP_TRIGGER: Effect(AX),
    Kind.TOGGLE_TRIGGER: Effect(SRX),
    Kind.CREATE_RULE: Effect(AX),
    Kind.RENAME_OBJECT: Effect(AX),  # a trigger, rule or policy of a table; other objects have none
    Kind.SELECT: Effect(None, AS),
    Kind.INSERT: Effect(RX, AS),
    Kind.INSERT_VALUES: Effect(RX, AS),
    Kind.UPDATE: Effect(RX, AS),
    Kind.DELETE: Effect(RX, AS),
    Kind.MERGE: Effect(RX, AS),
    Kind.COPY: Effect(RX),
    Kind.GRANT: Effect(AS),
    Kind.REVOKE: Effect(AS),
    Kind.OWNER: Effect(AX),
    Kind.ROW_SECURITY: Effect(AX),
    Kind.CREATE_POLICY: Effect(AX),
    Kind.ALTER_POLICY: Effect(AX),
    Kind.DROP_POLICY: Effect(AX),
    Kind.VACUUM: Effect(SUX, scan=True),
    Kind.VACUUM_FULL: Effect(AX, rewrite=True),
    Kind.ANALYZE: Effect(SUX),
}
