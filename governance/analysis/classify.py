"""What kind of change a statement is, which category of script it belongs to, and the version bump that follows."""

from collections.abc import Iterable
from enum import StrEnum

from governance.analysis.actions import Action, Kind


class ChangeClass(StrEnum):
    """In order of hardness: what breaks more counts more, and what cannot be told counts as the worst."""

    NONE = "none"
    ADDITIVE = "additive"
    RENAMING = "renaming"
    STRUCTURAL = "structural"
    DATA_TYPE = "data_type"
    REMOVAL = "removal"
    UNKNOWN = "unknown"

    @property
    def complexity(self) -> str:
        """Of the migration."""
        return COMPLEXITY[self]

    @property
    def compatibility(self) -> str:
        """With clients of the version before."""
        return COMPATIBILITY[self]

    @property
    def hardness(self) -> int:
        return HARDNESS[self]


class Category(StrEnum):
    STRUCTURAL = "structural"
    DATA = "data"
    REFERENCE_DATA = "reference_data"
    CONSTRAINT_INDEX = "constraint_index"
    PERMISSION_SECURITY = "permission_security"


class Bump(StrEnum):
    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


HARDNESS = {change_class: position for position, change_class in enumerate(ChangeClass)}
COMPLEXITY = {
    ChangeClass.NONE: "low",
    ChangeClass.ADDITIVE: "low",
    ChangeClass.RENAMING: "medium",
    ChangeClass.STRUCTURAL: "high",
    ChangeClass.DATA_TYPE: "medium to high",
    ChangeClass.REMOVAL: "low",
    ChangeClass.UNKNOWN: "unknown",
}
COMPATIBILITY = {
    ChangeClass.NONE: "high",
    ChangeClass.ADDITIVE: "high",
    ChangeClass.RENAMING: "medium",
    ChangeClass.STRUCTURAL: "medium",
    ChangeClass.DATA_TYPE: "varies",
    ChangeClass.REMOVAL: "low",
    ChangeClass.UNKNOWN: "unknown",
}
BUMPS = {
    ChangeClass.NONE: Bump.PATCH,
    ChangeClass.ADDITIVE: Bump.MINOR,
    ChangeClass.RENAMING: Bump.MAJOR,
    ChangeClass.STRUCTURAL: Bump.MAJOR,
    ChangeClass.DATA_TYPE: Bump.MAJOR,
    ChangeClass.REMOVAL: Bump.MAJOR,
    ChangeClass.UNKNOWN: Bump.MAJOR,
}

CLASSES: dict[ChangeClass, frozenset[Kind]] = {
    ChangeClass.ADDITIVE: frozenset(
        {
            Kind.CREATE_TABLE,
            Kind.CREATE_TABLE_AS,
            Kind.CREATE_PARTITION,
            Kind.ATTACH_PARTITION,
            Kind.ADD_COLUMN,
            Kind.SET_DEFAULT,
            Kind.CREATE_VIEW,
            Kind.CREATE_MATERIALIZED_VIEW,
            Kind.CREATE_TRIGGER,
            Kind.CREATE_FUNCTION,
            Kind.CREATE_OBJECT,
            Kind.ADD_ENUM_VALUE,
        }
    ),
    ChangeClass.RENAMING: frozenset({Kind.RENAME_TABLE, Kind.RENAME_COLUMN, Kind.RENAME_OBJECT, Kind.SET_SCHEMA}),
    ChangeClass.STRUCTURAL: frozenset(
        {
            Kind.SET_NOT_NULL,
            Kind.DROP_NOT_NULL,
            Kind.DROP_DEFAULT,
            Kind.ADD_CHECK,
            Kind.ADD_NOT_NULL,
            Kind.ADD_FOREIGN_KEY,
            Kind.ADD_UNIQUE,
            Kind.ADD_PRIMARY_KEY,
            Kind.ADD_EXCLUDE,
            Kind.DROP_CONSTRAINT,
            Kind.DETACH_PARTITION,
            Kind.INHERIT,
            Kind.ALTER_TABLE_OTHER,
            Kind.ALTER_OBJECT,
            Kind.DROP_TRIGGER,
            Kind.TOGGLE_TRIGGER,
            Kind.CREATE_RULE,
        }
    ),
    ChangeClass.DATA_TYPE: frozenset({Kind.ALTER_COLUMN_TYPE}),
    ChangeClass.REMOVAL: frozenset({Kind.DROP_TABLE, Kind.DROP_COLUMN, Kind.DROP_VIEW, Kind.DROP_FUNCTION, Kind.DROP_OBJECT}),
    ChangeClass.UNKNOWN: frozenset({Kind.OPAQUE}),
}
CATEGORIES: dict[Category, frozenset[Kind]] = {
    Category.DATA: frozenset(
        {
            Kind.SELECT,
            Kind.INSERT,
            Kind.UPDATE,
            Kind.DELETE,
            Kind.MERGE,
            Kind.COPY,
            Kind.TRUNCATE,
            Kind.REFRESH_MATERIALIZED_VIEW,
        }
    ),
    Category.REFERENCE_DATA: frozenset({Kind.INSERT_VALUES}),
    Category.CONSTRAINT_INDEX: frozenset(
        {
            Kind.SET_NOT_NULL,
            Kind.DROP_NOT_NULL,
            Kind.ADD_CHECK,
            Kind.ADD_NOT_NULL,
            Kind.ADD_FOREIGN_KEY,
            Kind.ADD_UNIQUE,
            Kind.ADD_PRIMARY_KEY,
            Kind.ADD_EXCLUDE,
            Kind.VALIDATE_CONSTRAINT,
            Kind.DROP_CONSTRAINT,
            Kind.RENAME_CONSTRAINT,
            Kind.CREATE_INDEX,
            Kind.DROP_INDEX,
            Kind.REINDEX,
            Kind.RENAME_INDEX,
            Kind.CREATE_STATISTICS,
        }
    ),
    Category.PERMISSION_SECURITY: frozenset(
        {
            Kind.GRANT,
            Kind.REVOKE,
            Kind.ROLE,
            Kind.OWNER,
            Kind.ROW_SECURITY,
            Kind.CREATE_POLICY,
            Kind.ALTER_POLICY,
            Kind.DROP_POLICY,
        }
    ),
}
# A script of several kinds carries the category of the one that comes first here.
LEADING = (
    Category.STRUCTURAL,
    Category.CONSTRAINT_INDEX,
    Category.DATA,
    Category.REFERENCE_DATA,
    Category.PERMISSION_SECURITY,
)
# They accompany a script without making it what it is.
SILENT = frozenset({Kind.SESSION, Kind.TRANSACTION, Kind.COMMENT, Kind.LOCK, Kind.ANALYZE, Kind.SELECT})
CLASS_OF = {kind: change_class for change_class, kinds in CLASSES.items() for kind in kinds}
CATEGORY_OF = {kind: category for category, kinds in CATEGORIES.items() for kind in kinds}
# What is silent ranks behind everything else; and then the place among those that lead.
RANKS = {kind: (kind in SILENT, LEADING.index(CATEGORY_OF.get(kind, Category.STRUCTURAL))) for kind in Kind}


def class_of(action: Action) -> ChangeClass:
    if action.column and action.column.is_required:
        # the INSERTs of clients that do not know the column fail
        return ChangeClass.STRUCTURAL
    return CLASS_OF.get(action.kind, ChangeClass.NONE)


def category_of(action: Action) -> Category:
    return CATEGORY_OF.get(action.kind, Category.STRUCTURAL)


def hardest(classes: Iterable[ChangeClass]) -> ChangeClass:
    return max(classes, key=HARDNESS.__getitem__, default=ChangeClass.NONE)


def leading(actions: Iterable[Action]) -> Category:
    """The category of a statement or of a whole change."""
    _silent, position = min([RANKS[action.kind] for action in actions], default=(False, 0))
    return LEADING[position]


def bump_of(classes: Iterable[ChangeClass]) -> Bump:
    """None for an empty change; otherwise what its hardest statement asks for."""
    classes = tuple(classes)
    return BUMPS[hardest(classes)] if classes else Bump.NONE
