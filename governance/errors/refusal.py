"""What all refusals are."""


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
