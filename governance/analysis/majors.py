"""What PostgreSQL's major versions do differently about locks, scans and rewrites, as `manage.py prove_locks` has seen it."""

from enum import StrEnum


class Difference(StrEnum):
    """What is so since a version, and what was so before."""

    PROVEN_NOT_NULL = "SET NOT NULL takes a valid CHECK (column IS NOT NULL) for proof and reads no row; before, it read them all"
    DETACHED_EXCLUSIVELY = "DETACH PARTITION locks the partition ACCESS EXCLUSIVE; before, SHARE UPDATE EXCLUSIVE"
    SEQUENCES_FOLLOW_PERSISTENCE = "SET LOGGED and SET UNLOGGED lock the sequences of the table's columns too; before, the table alone"
    TRIGGER_RENAMED_BELOW = "ALTER TRIGGER … RENAME on a partitioned table locks its partitions too; before, the table alone"
    REFERENCING_LOCKED = (
        "CREATE TABLE … PARTITION OF and ATTACH PARTITION lock tables that reference the partitioned one SHARE ROW EXCLUSIVE; "
        "before, ACCESS SHARE"
    )
    REFERENCED_PARENT_LOCKED = (
        "DROP TABLE of a table that references a partitioned one locks that table too; before, only the partitions of it"
    )
    GRANT_LOCKS = "GRANT and REVOKE lock the table ACCESS SHARE; before, not at all"
    CHILDREN_LOCKED_FOR_CONSTRAINTS = (
        "ADD CHECK … NO INHERIT, ADD UNIQUE, EXCLUDE and FOREIGN KEY lock the tables that inherit too, without reading them; "
        "before, the table alone"
    )
    PARTITIONS_LOCKED_FOR_UNIQUE = "ADD UNIQUE on a partitioned table locks its partitions ACCESS EXCLUSIVE; before, SHARE"
    CHILDREN_ANALYZED = "ANALYZE locks tables that inherit SHARE UPDATE EXCLUSIVE; before, it only read them under ACCESS SHARE"


SINCE: dict[Difference, int] = {
    Difference.PROVEN_NOT_NULL: 12,
    Difference.DETACHED_EXCLUSIVELY: 14,
    Difference.SEQUENCES_FOLLOW_PERSISTENCE: 15,
    Difference.TRIGGER_RENAMED_BELOW: 15,
    Difference.REFERENCING_LOCKED: 15,
    Difference.REFERENCED_PARENT_LOCKED: 15,
    Difference.GRANT_LOCKS: 18,
    Difference.CHILDREN_LOCKED_FOR_CONSTRAINTS: 18,
    Difference.PARTITIONS_LOCKED_FOR_UNIQUE: 18,
    Difference.CHILDREN_ANALYZED: 18,
}
