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
LEAST = 4  # pieces in one turn

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
    turns = _turns(len(pieces), processors)
    with _pipe_of(turns) as pipe:
        answers = [_begun(work, pieces, turns, pipe) for _ in range(processors - 1)]
        done = _done(work, pieces, turns, pipe)
    for answer in answers:
        done |= _received(answer)
    # What a child that died has left is done here: if it fails again, it fails where everybody sees it.
    done |= {number: work(pieces[turn]) for number, turn in enumerate(turns) if number not in done}
    return [*chain.from_iterable(done.values())]


def _turns(pieces: int, processors: int) -> list[slice]:
    """Smaller and smaller ones, so that all processors come to the end at the same time. Never more than a byte can count."""
    turns: list[slice] = []
    start = 0
    while start < pieces:
        end = min(start + max(LEAST, (pieces - start) // (2 * processors)), pieces) if len(turns) < 255 else pieces
        turns.append(slice(start, end))
        start = end
    return turns


def _pipe_of(turns: list[slice]) -> FileIO:
    reading, writing = os.pipe()
    os.write(writing, bytes(range(len(turns))))
    os.close(writing)
    return FileIO(reading)


def _done(work: Work[P, R], pieces: Sequence[P], turns: list[slice], pipe: FileIO) -> dict[int, list[R]]:
    """By turn."""
    done = {}
    while number := pipe.read(1):
        done[number[0]] = work(pieces[turns[number[0]]])
    return done


def _begun(work: Work[P, R], pieces: Sequence[P], turns: list[slice], pipe: FileIO) -> Connection:
    context = get_context("fork")
    answer, telling = context.Pipe(duplex=False)
    context.Process(target=_answer, args=(work, pieces, turns, pipe, answer, telling), daemon=True).start()
    telling.close()
    return answer


def _answer(work: Work[P, R], pieces: Sequence[P], turns: list[slice], pipe: FileIO, answer: Connection, telling: Connection) -> None:
    """Whose parent is gone ends too: unless it kept the other end of the pipe open itself, and waited for ever to be read."""
    answer.close()
    with suppress(OSError, KeyboardInterrupt):  # a file that cannot be read is tried by the parent once more, who tells of it
        for done in _done(work, pieces, turns, pipe).items():
            telling.send(done)


def _received(answer: Connection) -> dict[int, list[R]]:
    """Turn by turn: memory for all of them at once would first have to be got from the system."""
    found: dict[int, list[R]] = {}
    with suppress(EOFError, OSError):  # the latter in the middle of an answer
        while True:
            found.update([answer.recv()])
    return found
