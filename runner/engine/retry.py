"""Which errors another try can cure, and how long to leave others alone in between."""

from random import Random

from governance.orders import Limits, RunStatus

# lock_not_available, deadlock_detected, serialization_failure: https://www.postgresql.org/docs/current/errcodes-appendix.html
RETRIED = frozenset({"55P03", "40P01", "40001"})
ADMIN_SHUTDOWN = "57P01"
KNOWN = frozenset({RunStatus.FAILED_CLEAN, RunStatus.FAILED_DIRTY})


def pause(attempt: int, limits: Limits, random: Random) -> float:
    """Seconds to wait after the given attempt (from 1): doubling, bounded, the second half of it left to chance."""
    ceiling = min(limits.longest_pause, limits.first_pause * 2.0 ** min(attempt - 1, 32))
    return random.uniform(ceiling / 2, ceiling)


def again(sqlstate: str | None, attempt: int, limits: Limits) -> bool:
    return sqlstate in RETRIED and attempt < limits.attempts


def go_on(sqlstate: str | None, found: RunStatus) -> bool:
    """Whether a new session may do what is left: the old one was ended by an administrator, and the ledger proves what is not applied."""
    return sqlstate == ADMIN_SHUTDOWN and found in KNOWN
