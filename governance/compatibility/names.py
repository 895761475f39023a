"""What is asked about has to exist: an unknown name is never taken for “nothing speaks against it”."""

from collections.abc import Iterable

from governance.errors import BadInput


class UnknownName(BadInput):
    """Nothing is known by this name."""

    what = "record"
    without_any = "There is none yet."

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        self.name, self.known = name, tuple(sorted(set(known)))
        there_is = f"There is {', '.join(self.known)}." if self.known else self.without_any
        super().__init__(f"No {self.what} is known as “{name}”. {there_is}")


class UnknownClient(UnknownName):
    """No client application has this name."""

    what = "client application"


class UnknownEnvironment(UnknownName):
    """No environment has this name."""

    what = "environment"


class UnknownChange(UnknownName):
    """No change has this number, or it has no phase of this name."""

    what = "change or phase"
    without_any = "Write the number of a change, for example CHG-12."


class UnknownBackend(UnknownName):
    """No backend release, and no target, has this name and version."""

    what = "backend release"
