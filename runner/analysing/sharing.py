"""Work shared out over the processors, where that is worth starting processes."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import FileIO
from itertools import chain
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from typing import TypeVar

WORTH_PROCESSES = 200  # pieces of work
TURNS = 64  # each a byte

P = TypeVar("P")
R = TypeVar("R")
Work = Callable[[Sequence[P]], list[R]]


def shared_out(work: Work[P, R], pieces: Sequence[P]) -> list[R]:
    """In no certain order. A child is forked, so it has all that the work needs, and only its answer travels.

    Pieces differ in size, so nobody is given half of them: whoever is free takes the next turn out of a pipe.
    """
    processors = os.cpu_count() or 1
    if len(pieces) < WORTH_PROCESSES or processors == 1 or "fork" not in get_all_start_methods():
        return work(pieces)
    with _turns() as turns:
        answers = [_begun(work, pieces, turns) for _ in range(processors - 1)]
        done = _done(work, pieces, turns)
    for answer in answers:
        done |= _received(answer)
    # What a child that died has left is done here: if it fails again, it fails where everybody sees it.
    done |= {turn: work(pieces[turn::TURNS]) for turn in range(TURNS) if turn not in done}
    return [*chain.from_iterable(done.values())]


def _turns() -> FileIO:
    reading, writing = os.pipe()
    os.write(writing, bytes(range(TURNS)))
    os.close(writing)
    return FileIO(reading)


def _done(work: Work[P, R], pieces: Sequence[P], turns: FileIO) -> dict[int, list[R]]:
    """By turn."""
    done = {}
    while turn := turns.read(1):
        done[turn[0]] = work(pieces[turn[0] :: TURNS])
    return done


def _begun(work: Work[P, R], pieces: Sequence[P], turns: FileIO) -> Connection:
    context = get_context("fork")
    answer, telling = context.Pipe(duplex=False)
    context.Process(target=_answer, args=(work, pieces, turns, answer, telling), daemon=True).start()
    telling.close()
    return answer


def _answer(work: Work[P, R], pieces: Sequence[P], turns: FileIO, answer: Connection, telling: Connection) -> None:
    """Whose parent is gone ends too: unless it kept the other end of the pipe open itself, and waited for ever to be read."""
    answer.close()
    with suppress(OSError, KeyboardInterrupt):  # a file that cannot be read is tried by the parent once more, who tells of it
        telling.send(_done(work, pieces, turns))


def _received(answer: Connection) -> dict[int, list[R]]:
    try:
        found: dict[int, list[R]] = answer.recv()
    except EOFError:
        return {}
    return found
