"""Refusals: one class per reason. The docstring is the reason, the attributes are the data, the message says what to do.

Refusal
├── BadInput            what was handed in cannot be used
│   ├── BadScriptName  MissingRollback  DuplicateVersion  BadSpecification  BadCheck  BadDirective  BadRecurrence
│   └── UnparsableScript  MixedScript  TransactionControl
├── NotAllowed          this person may not do this
│   └── MissingRole  OwnWork  AlreadyDecided  NeedsReason
├── NotReady            the change is not there yet
│   ├── WrongStage  MissingEvidence  DigestChanged  DependencyCycle  OutsideWindow  BookingTaken
│   └── Undeployed  AlreadyApplied  TargetBusy  NewBlocker  NothingToUndo  Irreversible  RecordInUse
└── TargetRefused       the target database cannot be used
    └── UnknownConnection  TargetUnreachable  TargetReadOnly  TargetPooled  TargetDiffers
"""

from collections.abc import Iterable


class Refusal(Exception):
    """Something was asked for that the rules do not allow; nothing was changed.

    `act` and `subject` say what was refused, once a workflow function has refused it.
    """

    act = ""
    subject = ""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def code(self) -> str:
        return type(self).__name__


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


class NotAllowed(Refusal):
    """This person may not do this."""


class MissingRole(NotAllowed):
    """The act belongs to a role that the person does not have."""

    def __init__(self, person: str, act: str, roles: Iterable[str]) -> None:
        self.person, self.act, self.roles = person, act, tuple(sorted(roles))
        super().__init__(f"{person} may not {act}: it takes the role {' or '.join(self.roles)}. Ask somebody who has it.")


class OwnWork(NotAllowed):
    """Author and editors cannot approve or review what they wrote, superusers included."""

    def __init__(self, person: str, spec: str, act: str = "approve") -> None:
        super().__init__(f"{person} wrote or edited {spec} and cannot {act} it. Ask a colleague who did not.")
        self.person, self.spec, self.act = person, spec, act


class AlreadyDecided(NotAllowed):
    """One person counts once."""

    def __init__(self, person: str, kind: str) -> None:
        super().__init__(f"{person} has already given a {kind} decision on this digest. Another person has to give the next one.")
        self.person, self.kind = person, kind


class NeedsReason(NotAllowed):
    """The act needs a reason in words."""

    def __init__(self, act: str) -> None:
        super().__init__(f"To {act}, write down why: the reason is kept with the change.")
        self.act = act


class NotReady(Refusal):
    """The change is not there yet."""


class WrongStage(NotReady):
    """The act belongs to another stage."""

    def __init__(self, what: str, stage: str, needed: str) -> None:
        super().__init__(
            f"{what} belongs to the stage “{needed}”; the change is at “{stage}”. What is missing to go on is listed on its page."
        )
        self.what, self.stage, self.needed = what, stage, needed


class MissingEvidence(NotReady):
    """The stage cannot be left, or the act done, before the evidence is there."""

    def __init__(self, act: str, missing: Iterable[str]) -> None:
        self.act, self.missing = act, tuple(missing)
        super().__init__(f"Cannot {act} yet. Still missing: {'; '.join(self.missing)}.")


class DigestChanged(NotReady):
    """What would be executed is not what was approved."""

    def __init__(self, what: str, approved: str, found: str) -> None:
        super().__init__(
            f"{what} is not what was approved: digest {found[:12]} instead of {approved[:12]}. Nothing was executed. "
            "Restore the approved text, or have the new one rehearsed and approved."
        )
        self.what, self.approved, self.found = what, approved, found


class NewBlocker(NotReady):
    """Analysis on fresh facts has a blocking finding that was not there when the change was approved."""

    def __init__(self, target: str, findings: Iterable[str]) -> None:
        self.target, self.findings = target, tuple(findings)
        super().__init__(
            f"{target} has changed since the approval: {'; '.join(self.findings)}. Nothing was executed. "
            "Look at the findings on fresh facts, then correct the scripts or have them approved again."
        )


class Irreversible(NotReady):
    """An applied change has no rollback script."""

    def __init__(self, script: str, target: str) -> None:
        super().__init__(f"{script} is applied on {target} and has no rollback script. Nothing was rolled back. Follow its restore plan.")
        self.script, self.target = script, target


class OutsideWindow(NotReady):
    """Runs in this environment happen inside their booked window only."""

    def __init__(self, target: str, why: str, next_start: str) -> None:
        super().__init__(f"{target} is closed now: {why}. {next_start}")
        self.target, self.why, self.next_start = target, why, next_start


class Undeployed(NotReady):
    """A change that this one requires has not been deployed to the target."""

    def __init__(self, spec: str, requires: str, target: str) -> None:
        super().__init__(f"{spec} requires {requires}, which is not deployed to {target}. Deploy {requires} there first.")
        self.spec, self.requires, self.target = spec, requires, target


class AlreadyApplied(NotReady):
    """The target has what the run would bring."""

    def __init__(self, what: str, target: str) -> None:
        super().__init__(f"{what} is applied on {target} already. Nothing has to be run there; to run it anew, roll it back first.")
        self.what, self.target = what, target


class RecordInUse(NotReady):
    """Something else refers to the record that was to be deleted."""

    def __init__(self, record: str, users: Iterable[str]) -> None:
        self.record, self.users = record, tuple(users)
        super().__init__(f"“{record}” cannot be deleted, as it is used by {', '.join(self.users)}. Delete those first, or leave it.")


class DependencyCycle(NotReady):
    """Changes cannot require each other in a circle."""

    def __init__(self, path: Iterable[str]) -> None:
        self.path = tuple(path)
        super().__init__(f"These changes would require each other in a circle: {' → '.join(self.path)}. Leave one of the links out.")


class TargetBusy(NotReady):
    """One run at a time on each target."""

    def __init__(self, target: str, holder: str) -> None:
        super().__init__(f"{target} is busy with {holder}. Wait until it has ended, then start again.")
        self.target, self.holder = target, holder


class NothingToUndo(NotReady):
    """There is no applied change on this target that could be rolled back."""

    def __init__(self, what: str, target: str) -> None:
        super().__init__(f"{what} is not applied on {target}, so there is nothing to roll back.")
        self.what, self.target = what, target


class BookingTaken(NotReady):
    """Two bookings of one target overlap."""

    def __init__(self, target: str, other: str) -> None:
        super().__init__(f"{target} is already booked by {other} at that time. Choose another time.")
        self.target, self.other = target, other


class TargetRefused(Refusal):
    """The target database cannot be used."""


class UnknownConnection(TargetRefused):
    """No connection string stands under the target's name in the runner's environment."""

    def __init__(self, target: str, variable: str) -> None:
        super().__init__(
            f"{target}: the runner's environment has no {variable}. Set {variable} to a connection string and restart the runner."
        )
        self.target, self.variable = target, variable


class TargetUnreachable(TargetRefused):
    """The server does not answer or does not let us in."""

    def __init__(self, target: str, why: str) -> None:
        super().__init__(f"{target} cannot be reached: {why}. Check the server, the network and the runner's role, then try again.")
        self.target, self.why = target, why


class TargetReadOnly(TargetRefused):
    """The server is a standby or refuses writes."""

    def __init__(self, target: str, why: str) -> None:
        super().__init__(f"{target} is read-only: {why}. Point the connection at the primary.")
        self.target, self.why = target, why


class TargetPooled(TargetRefused):
    """Something between us and the server hands transactions to different backends."""

    def __init__(self, target: str) -> None:
        super().__init__(
            f"{target} is reached through a connection pooler, which loses session locks. Point the connection at the server itself."
        )
        self.target = target


class TargetDiffers(TargetRefused):
    """The target's ledger says something else than the portal expects."""

    def __init__(self, target: str, why: str, todo: str) -> None:
        super().__init__(f"{target}: {why}. {todo}")
        self.target, self.why, self.todo = target, why, todo
