"""Built-in checks that are more than one query: how each is asked before the change, and judged after it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from psycopg.pq import TransactionStatus

from governance.orders import Check
from governance.validation.answers import Answer, Judgement
from governance.validation.catalogue import Builtin
from runner.engine.verify.asking import Asked
from runner.engine.verify.batched import after as batched_after
from runner.engine.verify.batched import before as batched_before
from runner.engine.verify.canary import after as canary_after
from runner.engine.verify.canary import before as canary_before
from runner.engine.verify.checksum import after as checksum_after
from runner.engine.verify.checksum import before as checksum_before
from runner.engine.verify.same import after as same_after
from runner.engine.verify.same import before as same_before
from runner.engine.verify.sample import after as sample_after
from runner.engine.verify.sample import before as sample_before
from runner.engine.verify.service import after as service_after
from runner.engine.verify.service import before as service_before
from runner.engine.verify.spread import after as spread_after
from runner.engine.verify.spread import before as spread_before

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
    Builtin.CHECKSUM: Deep(checksum_before, checksum_after),
    Builtin.BATCHES: Deep(batched_before, batched_after),
    Builtin.SAMPLE: Deep(sample_before, sample_after),
    Builtin.DISTRIBUTION: Deep(spread_before, spread_after),
    Builtin.SAME: Deep(same_before, same_after),
    Builtin.CANARY: Deep(canary_before, canary_after),
    Builtin.HTTP: Deep(service_before, service_after),
}
