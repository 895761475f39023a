"""The target database cannot be used."""

from governance.errors.refusal import Refusal


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
