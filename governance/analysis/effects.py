"""Lock modes, and what each family of statements locks and does under the lock: a table.

`tests/governance/analysis/test_locks.py` runs the statements and compares with pg_locks. Which statement takes which lock:
https://www.postgresql.org/docs/current/explicit-locking.html and the page of each command.
"""

from enum import StrEnum

from governance.analysis.actions import Kind
from governance.values import dataclass


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
        return STRENGTHS[self]

    @property
    def blocks_reads(self) -> bool:
        return self is LockMode.ACCESS_EXCLUSIVE

    @property
    def blocks_writes(self) -> bool:
        """Of other sessions: what conflicts with ROW EXCLUSIVE."""
        return self in BLOCKING_WRITES


STRENGTHS = {mode: strength for strength, mode in enumerate(LockMode)}
BLOCKING_WRITES = frozenset(mode for mode in LockMode if mode.strength >= LockMode.SHARE.strength)


@dataclass(frozen=True, slots=True)
class Lock:
    relation: str  # schema.table
    mode: LockMode
    rewrite: bool = False  # the relation is written anew while the lock is held
    scan: bool = False  # it is read from end to end while the lock is held
    fresh: bool = False  # the change itself has created it: nobody else uses it yet
    reindex: bool = False  # indexes on it are built while the lock is held: a new one, or those that were there
    unplannable: bool = False  # one of its indexes is locked against everybody, and every plan looks at all of them

    @property
    def blocks_reads(self) -> bool:
        return not self.fresh and (self.mode.blocks_reads or self.unplannable)

    @property
    def blocks_writes(self) -> bool:
        return not self.fresh and (self.mode.blocks_writes or self.unplannable)

    @property
    def blocks(self) -> str:
        if not self.blocks_writes:
            return "nothing"
        return "reads and writes" if self.blocks_reads else "writes"


class Reach(StrEnum):
    """How far below its own relation a statement goes, unless that is named with ONLY."""

    NONE = "the table alone"
    PARTITIONS = "partitions too"
    ALL = "partitions and children too"


@dataclass(frozen=True)
class Effect:
    """What one family does: to its own relation, and to the further relations that it names."""

    mode: LockMode | None
    others: LockMode | None = None
    rewrite: bool = False
    scan: bool = False
    others_scan: bool = False
    reindex: bool = False
    reach: Reach = Reach.NONE
    others_reach: Reach = Reach.NONE


AS, RS, RX = LockMode.ACCESS_SHARE, LockMode.ROW_SHARE, LockMode.ROW_EXCLUSIVE
SUX, S, SRX = LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.SHARE, LockMode.SHARE_ROW_EXCLUSIVE
X, AX = LockMode.EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE
PARTS, ALL = Reach.PARTITIONS, Reach.ALL

EFFECTS: dict[Kind, Effect] = {
    Kind.CREATE_TABLE: Effect(AX, SRX, others_reach=PARTS),
    Kind.CREATE_TABLE_AS: Effect(AX, AS, others_reach=ALL),
    Kind.CREATE_PARTITION: Effect(AX, AX),
    Kind.DROP_TABLE: Effect(AX, AX, reach=PARTS, others_reach=PARTS),
    Kind.RENAME_TABLE: Effect(AX),
    Kind.SET_SCHEMA: Effect(AX, AX),
    Kind.ATTACH_PARTITION: Effect(SUX, AX, others_scan=True),
    Kind.DETACH_PARTITION: Effect(AX, AX),
    Kind.SET_TABLESPACE: Effect(AX, rewrite=True),
    Kind.SET_LOGGED: Effect(AX, AX, rewrite=True),
    Kind.SET_ACCESS_METHOD: Effect(AX, rewrite=True),
    Kind.SET_OPTIONS: Effect(SUX),
    Kind.SET_STATISTICS: Effect(SUX, reach=ALL),
    Kind.REPLICA_IDENTITY: Effect(AX),
    Kind.INHERIT: Effect(AX, SUX),
    Kind.TRUNCATE: Effect(AX, AX, reach=ALL, others_reach=ALL),
    Kind.COMMENT: Effect(SUX),
    Kind.ALTER_TABLE_OTHER: Effect(AX, AX),
    Kind.ADD_COLUMN: Effect(AX, SRX, reach=ALL, others_reach=PARTS),
    Kind.DROP_COLUMN: Effect(AX, AX, reach=ALL, others_reach=PARTS),
    Kind.RENAME_COLUMN: Effect(AX, reach=ALL),
    Kind.ALTER_COLUMN_TYPE: Effect(AX, AX, rewrite=True, others_scan=True, reach=ALL, others_reach=PARTS),
    Kind.SET_NOT_NULL: Effect(AX, scan=True, reach=ALL),
    Kind.DROP_NOT_NULL: Effect(AX, reach=ALL),
    Kind.SET_DEFAULT: Effect(AX, reach=ALL),
    Kind.DROP_DEFAULT: Effect(AX, reach=ALL),
    Kind.SET_STORAGE: Effect(AX, reach=ALL),
    Kind.ADD_CHECK: Effect(AX, scan=True, reach=ALL),
    Kind.ADD_NOT_NULL: Effect(AX, scan=True, reach=ALL),
    Kind.ADD_FOREIGN_KEY: Effect(SRX, SRX, scan=True, others_scan=True, reach=ALL, others_reach=PARTS),
    Kind.ADD_UNIQUE: Effect(AX, scan=True, reindex=True, reach=ALL),
    Kind.ADD_PRIMARY_KEY: Effect(AX, scan=True, reindex=True, reach=ALL),
    Kind.ADD_EXCLUDE: Effect(AX, scan=True, reindex=True, reach=ALL),
    Kind.VALIDATE_CONSTRAINT: Effect(SUX, RS, scan=True, others_scan=True, reach=ALL),
    Kind.DROP_CONSTRAINT: Effect(AX, AX, reach=ALL, others_reach=PARTS),
    Kind.RENAME_CONSTRAINT: Effect(AX, reach=ALL),
    Kind.CREATE_INDEX: Effect(S, scan=True, reindex=True, reach=PARTS),
    Kind.DROP_INDEX: Effect(AX, reach=PARTS),
    Kind.REINDEX: Effect(S, scan=True, reindex=True, reach=PARTS),
    Kind.RENAME_INDEX: Effect(SUX),
    Kind.CREATE_STATISTICS: Effect(SUX),
    Kind.CREATE_VIEW: Effect(AX, AS),
    Kind.CREATE_MATERIALIZED_VIEW: Effect(AX, AS, others_reach=ALL),
    Kind.REFRESH_MATERIALIZED_VIEW: Effect(AX, AS, rewrite=True),
    Kind.DROP_VIEW: Effect(AX, AX),
    Kind.CREATE_TRIGGER: Effect(SRX, reach=PARTS),
    Kind.DROP_TRIGGER: Effect(AX, reach=PARTS),
    Kind.TOGGLE_TRIGGER: Effect(SRX, reach=PARTS),
    Kind.CREATE_RULE: Effect(AX),
    Kind.DROP_FUNCTION: Effect(None, AX, others_reach=PARTS),
    Kind.CREATE_OBJECT: Effect(None, SUX),
    Kind.ALTER_OBJECT: Effect(None, SUX),
    Kind.DROP_OBJECT: Effect(None, AX, others_reach=PARTS),
    Kind.RENAME_OBJECT: Effect(AX, reach=PARTS),  # a trigger, rule or policy of a table; other objects have none
    Kind.SELECT: Effect(None, AS, others_reach=ALL),
    Kind.INSERT: Effect(RX, AS, reach=PARTS, others_reach=ALL),
    Kind.INSERT_VALUES: Effect(RX, AS, reach=PARTS, others_reach=ALL),
    Kind.UPDATE: Effect(RX, AS, reach=ALL, others_reach=ALL),
    Kind.DELETE: Effect(RX, AS, reach=ALL, others_reach=ALL),
    Kind.MERGE: Effect(RX, AS, reach=ALL, others_reach=ALL),
    Kind.COPY: Effect(RX, AS, reach=PARTS),
    Kind.GRANT: Effect(AS),
    Kind.REVOKE: Effect(AS),
    Kind.ROLE: Effect(None, AX),
    Kind.OWNER: Effect(AX, AX),
    Kind.ROW_SECURITY: Effect(AX),
    Kind.CREATE_POLICY: Effect(AX),
    Kind.ALTER_POLICY: Effect(AX),
    Kind.DROP_POLICY: Effect(AX),
    Kind.VACUUM: Effect(SUX, scan=True, reach=PARTS),
    Kind.VACUUM_FULL: Effect(AX, rewrite=True, reach=PARTS),
    Kind.ANALYZE: Effect(SUX, reach=ALL),
}
