"""Work shared out over the processors, where that is worth starting processes."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from typing import TypeVar

WORTH_PROCESSES = 200  # pieces of work

P = TypeVar("P")
R = TypeVar("R")


def shared_out(work: Callable[[Sequence[P]], list[R]], pieces: Sequence[P]) -> list[R]:
    """In no certain order. A child is forked, so it has all that the work needs, and only its answer travels."""
    processors = os.cpu_count() or 1
    if len(pieces) < WORTH_PROCESSES or processors == 1 or "fork" not in get_all_start_methods():
        return work(pieces)
    own, *others = (pieces[start::processors] for start in range(processors))
    answers = [(share, _begun(work, share)) for share in others]
    return [*work(own), *chain.from_iterable(_received(work, share, answer) for share, answer in answers)]


def _begun(work: Callable[[Sequence[P]], list[R]], share: Sequence[P]) -> Connection:
    context = get_context("fork")
    answer, telling = context.Pipe(duplex=False)
    context.Process(target=_answer, args=(work, share, answer, telling), daemon=True).start()
    telling.close()
    return answer


def _answer(work: Callable[[Sequence[P]], list[R]], share: Sequence[P], answer: Connection, telling: Connection) -> None:
    """Whose parent is gone ends too: unless it kept the other end of the pipe open itself, and waited for ever to be read."""
    answer.close()
    with suppress(OSError, KeyboardInterrupt):  # a file that cannot be read is tried by the parent once more, who tells of it
        telling.send(work(share))


def _received(work: Callable[[Sequence[P]], list[R]], share: Sequence[P], answer: Connection) -> list[R]:
    """What a child that died has left is done here: if it fails again, it fails where everybody sees it."""
    try:
        found: list[R] = answer.recv()
    except EOFError:
        return work(share)
    return found
