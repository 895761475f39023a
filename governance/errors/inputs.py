"""What was handed in cannot be used as it is."""

from collections.abc import Iterable

from governance.errors.refusal import Refusal


class BadInput(Refusal):
    """What was handed in cannot be used as it is."""


class BadScriptName(BadInput):
    """A script's file name does not follow the naming rule."""

    def __init__(self, name: str, why: str, right: str) -> None:
        super().__init__(f"{name}: {why}. Rename it to {right}.")
        self.name, self.why, self.right = name, why, right


class MissingRollback(BadInput):
    """A forward script has neither a rollback script nor a restore plan."""

    def __init__(self, name: str, right: str) -> None:
        super().__init__(
            f"{name} has no rollback script. Add {right} beside it, or mark the change irreversible in the "
            "specification (irreversible: true) and write its restore_plan."
        )
        self.name, self.right = name, right


class BadRecurrence(BadInput):
    """A rule by which a window recurs cannot be followed."""

    def __init__(self, what: str, why: str, todo: str) -> None:
        super().__init__(f"“{what}”: {why}. {todo}")
        self.what, self.why = what, why


class UnparsableScript(BadInput):
    """A script is not SQL that PostgreSQL's grammar accepts."""

    def __init__(self, name: str, line: int, column: int, why: str) -> None:
        super().__init__(f"{name}, line {line}, column {column}: {why}. Correct the script and submit it again.")
        self.name, self.line, self.column, self.why = name, line, column, why


class DuplicateVersion(BadInput):
    """Another script already carries this version."""

    def __init__(self, name: str, version: str, other: str) -> None:
        super().__init__(f"{name}: version {version} is taken by {other}. Give the new pair a later time, for example one minute later.")
        self.name, self.version, self.other = name, version, other


class MixedScript(BadInput):
    """A script mixes statements that need a transaction block with ones that PostgreSQL forbids inside one."""

    def __init__(self, name: str, outside: Iterable[int], inside: Iterable[int]) -> None:
        self.name, self.outside, self.inside = name, tuple(outside), tuple(inside)
        lines = ", ".join(map(str, self.outside))
        super().__init__(
            f"{name}: the statement at line {lines} cannot run inside a transaction, the others can. "
            "Split the script in two: one version for the statements that run in a transaction, a later one for those that do not."
        )


class TransactionControl(BadInput):
    """A script opens or ends a transaction by itself."""

    def __init__(self, name: str, line: int, column: int, word: str) -> None:
        super().__init__(
            f"{name}, line {line}, column {column}: {word} is the runner's to say: it runs the script in one transaction together with its "
            "entry in the target's ledger. Leave transaction control out and submit the script again."
        )
        self.name, self.line, self.column, self.word = name, line, column, word


class TargetUnlocked(BadInput):
    """A script gives up the lock that keeps others from its target."""

    def __init__(self, name: str, line: int, column: int, word: str) -> None:
        super().__init__(
            f"{name}, line {line}, column {column}: {word} would give up the lock that keeps other runs from the target. "
            "Leave it out: every script begins in a session without anything left of the one before it."
        )
        self.name, self.line, self.column, self.word = name, line, column, word


class BadSpecification(BadInput):
    """The specification lacks something or says something that cannot be."""

    def __init__(self, where: str, why: str, right: str) -> None:
        super().__init__(f"{where}: {why}. {right}")
        self.where, self.why, self.right = where, why, right


class BadCheck(BadInput):
    """A check script has a query whose comment does not say what is expected."""

    def __init__(self, name: str, line: int, why: str, right: str) -> None:
        super().__init__(f"{name}, line {line}: {why}. {right}")
        self.name, self.line, self.why, self.right = name, line, why, right


class BadDirective(BadInput):
    """A statement is marked to run in batches and cannot, or asks for something that does not exist."""

    def __init__(self, name: str, line: int, why: str, right: str) -> None:
        super().__init__(f"{name}, line {line}: {why}. {right}")
        self.name, self.line, self.why, self.right = name, line, why, right


class BadGroup(BadInput):
    """Scripts that are declared one atomic group cannot run in one transaction."""

    def __init__(self, group: str, why: str) -> None:
        self.group, self.why = group, why
        super().__init__(
            f"The group {group} cannot run in one transaction: {why}. Take that script out of the group, or number the group's versions so "
            "that they follow each other."
        )
