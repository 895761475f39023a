"""The change is not there yet."""

from collections.abc import Iterable

from governance.errors.refusal import Refusal


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


class StillNeeded(NotReady):
    """Applied changes require the one that is to be rolled back."""

    def __init__(self, what: str, needing: Iterable[str], target: str) -> None:
        self.what, self.needing, self.target = what, tuple(needing), target
        others = ", ".join(self.needing)
        super().__init__(
            f"{what} is required by {others}, applied on {target} too. Nothing was rolled back. Roll {others} back there first."
        )


class BookingTaken(NotReady):
    """Two bookings of one target overlap."""

    def __init__(self, target: str, other: str) -> None:
        super().__init__(f"{target} is already booked by {other} at that time. Choose another time.")
        self.target, self.other = target, other


class GoneMeanwhile(NotReady):
    """Somebody else deleted what this needs, or added what needs it, at the same moment."""

    def __init__(self) -> None:
        super().__init__(
            "At the same moment somebody deleted a record that this needs, or added one that needs it. "
            "Nothing of yours was kept. Look at what is there now and try again."
        )


class TakenMeanwhile(NotReady):
    """Somebody else did the same at the same moment and was first."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} Somebody was faster by a moment, and nothing of yours was kept. Look at what is there now and try again.")
        self.why = why
