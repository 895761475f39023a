"""Work of several processes, and what is left when one of them is killed."""

import os
import signal
import subprocess
import sys
import time

import pytest

from runner.analysing.sharing import WORTH_PROCESSES, shared_out

PIECES = list(range(WORTH_PROCESSES))
# More than fits into a pipe; each process says who it is, and the parent never reads.
LONG = """
import os, sys, time
from runner.analysing.sharing import shared_out
parent = os.getpid()
said = set()
def work(share):
    if os.getpid() not in said:
        said.add(os.getpid())
        sys.stdout.write(f"{os.getpid()}\\n")
        sys.stdout.flush()
    if os.getpid() == parent:
        time.sleep(60)
    return ["x" * 100_000 for _ in share]
shared_out(work, list(range(200)))
"""

pytestmark = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="with one processor nothing is shared out")


def test_what_a_killed_process_leaves_is_done_all_the_same():
    parent = os.getpid()

    def work(share):
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return [piece * 2 for piece in share]

    assert sorted(shared_out(work, PIECES)) == [piece * 2 for piece in PIECES]


def test_what_a_process_was_telling_when_it_was_killed_is_done_all_the_same():
    parent, waited = os.getpid(), []

    def work(share):
        if os.getpid() != parent:
            signal.setitimer(signal.ITIMER_REAL, 0.2)  # ends it in the middle of an answer that no pipe can hold
        elif not waited:
            waited.append(time.sleep(0.5))
        return ["x" * 100_000 for _ in share]

    assert shared_out(work, PIECES) == ["x" * 100_000 for _ in PIECES]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_the_one_that_was_killed(how):
    with subprocess.Popen([sys.executable, "-c", LONG], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert parent.stderr
        started = {int(parent.stdout.readline()) for _ in range(os.cpu_count() or 1)}
        time.sleep(0.2)

        parent.send_signal(how)
        said = parent.stderr.read()  # to its end, which comes when the last process is gone

    assert parent.pid in started
    assert said == ""
