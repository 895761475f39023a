"""Why time cannot be booked: a class per reason. Pure."""

from collections.abc import Iterable

from governance.errors import NotReady


class WindowFull(NotReady):
    """As many changes as the window has room for are booked in it at that time."""

    def __init__(self, window: str, capacity: int, others: Iterable[str]) -> None:
        self.window, self.capacity, self.others = window, capacity, tuple(others)
        room = "one change" if capacity == 1 else f"{capacity} changes"
        super().__init__(f"“{window}” has room for {room} at once, and {', '.join(self.others)} is there. Choose another time or window.")


class PersonBusy(NotReady):
    """The person operates another change at that time."""

    def __init__(self, person: str, other: str) -> None:
        self.person, self.other = person, other
        super().__init__(f"{person} is booked for {other} at that time. Choose another time, or somebody else.")


class PersonAway(NotReady):
    """The person cannot be booked at that time."""

    def __init__(self, person: str, when: str) -> None:
        self.person, self.when = person, when
        super().__init__(f"{person} is not available from {when}. Choose another time, or somebody else.")


class ResourceFull(NotReady):
    """Every slot of a server, or of the headroom of replication, is taken at that time."""

    def __init__(self, resource: str, capacity: int, others: Iterable[str]) -> None:
        self.resource, self.capacity, self.others = resource, capacity, tuple(others)
        super().__init__(f"{resource} has {capacity} at once to give, and {', '.join(self.others)} takes it then. Choose another time.")


class OutOfOrder(NotReady):
    """A change is booked before one that it requires."""

    def __init__(self, change: str, requires: str, target: str) -> None:
        self.change, self.requires, self.target = change, requires, target
        super().__init__(
            f"{change} requires {requires}, which is neither deployed to {target} nor booked there. "
            f"Book {requires} there first, to end before."
        )


class BookingCollides(NotReady):
    """Two bookings would spoil each other."""

    def __init__(self, other: str, why: str, score: float) -> None:
        self.other, self.why, self.score = other, why, score
        super().__init__(f"It collides with {other}: {why}. Choose a time at which they are apart.")


class Unacknowledged(NotReady):
    """Two bookings disturb each other, and nobody has said that they know."""

    def __init__(self, others: Iterable[str]) -> None:
        self.others = tuple(others)
        super().__init__(f"It disturbs {'; '.join(self.others)}. Choose another time, or acknowledge it: book again and say that you know.")


class ConflictRuns(NotReady):
    """A change that must not run at the same time is running."""

    def __init__(self, change: str, other: str) -> None:
        self.change, self.other = change, other
        super().__init__(f"{change} must not run together with {other}. Wait until that has ended, then start again.")
