"""Built-in checks that are more than one query: how each is asked before the change, and judged after it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from psycopg.pq import TransactionStatus

from governance.orders import Check
from governance.validation.answers import Answer, Judgement
from governance.validation.catalogue import Builtin
from runner.engine.verify import batched, canary, checksum, same, sample, service, spread
from runner.engine.verify.asking import Asked

Before = Callable[[Asked, Check], Answer]
After = Callable[[Asked, Check, Answer | None], tuple[Judgement, str]]


@dataclass(frozen=True, slots=True)
class Deep:
    """`after` answers with the SQL that asks the same again."""

    _before: Before
    _after: After

    def before(self, asked: Asked, check: Check) -> Answer:
        _refuse_inside(asked, check)
        return self._before(asked, check)

    def after(self, asked: Asked, check: Check, kept: Answer | None) -> tuple[Judgement, str]:
        _refuse_inside(asked, check)
        return self._after(asked, check, kept)


def _refuse_inside(asked: Asked, check: Check) -> None:
    """Sessions of its own would not see what an open transaction has done."""
    if asked.connection.info.transaction_status is not TransactionStatus.IDLE:
        raise LookupError(f"“{check.builtin}” reads through sessions of its own, which see nothing of an open transaction")


DEEP: Mapping[str, Deep] = {
    Builtin.CHECKSUM: Deep(checksum.before, checksum.after),
    Builtin.BATCHES: Deep(batched.before, batched.after),
    Builtin.SAMPLE: Deep(sample.before, sample.after),
    Builtin.DISTRIBUTION: Deep(spread.before, spread.after),
    Builtin.SAME: Deep(same.before, same.after),
    Builtin.CANARY: Deep(canary.before, canary.after),
    Builtin.HTTP: Deep(service.before, service.after),
}
