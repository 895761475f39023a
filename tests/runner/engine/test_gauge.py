"""What is read of a target and of its host."""

import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import psycopg
import pytest

from governance.monitoring import Counter, Metric, measured
from runner.engine import gauge
from runner.engine.host import figures_in, host_figures

METRICS = """# HELP node_load1 1m load average.
node_load1 0.75
node_memory_MemAvailable_bytes 2.5e+08
node_memory_MemTotal_bytes 1e+09
node_filesystem_size_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 1000
node_filesystem_avail_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 600
node_filesystem_size_bytes{device="/dev/sdb1",fstype="xfs",mountpoint="/data"} 1000
node_filesystem_avail_bytes{device="/dev/sdb1",fstype="xfs",mountpoint="/data"} 50
node_filesystem_size_bytes{device="tmpfs",fstype="tmpfs",mountpoint="/run"} 1000
node_filesystem_avail_bytes{device="tmpfs",fstype="tmpfs",mountpoint="/run"} 1
"""


def test_everything_that_a_server_counts_is_read_and_rates_follow_from_two_readings(target):
    first = gauge.read(target, ["public.users"])
    target.execute("CREATE TABLE many AS SELECT generate_series(1, 20000) AS id")
    target.execute("SELECT pg_stat_force_next_flush()")

    second = measured(first, gauge.read(target, ["public.users"]))

    assert set(first.counters) == set(Counter)
    assert set(first.gauges) == {Metric.SIZE, Metric.BLOCKED, Metric.LOCK_WAIT}  # no standby, no host
    assert second.values[Metric.WAL_RATE] > 0
    assert second.values[Metric.TRANSACTIONS] > 0
    assert 0 < second.values[Metric.LATENCY] == second.latencies["public.users"] < 1


def test_clients_that_wait_for_a_lock_are_counted_and_our_own_sessions_are_not(users, target):
    with (
        psycopg.connect(users) as holder,
        psycopg.connect(users, application_name="lockgate a run") as ours,
        psycopg.connect(users) as client,
    ):
        holder.execute("LOCK TABLE users")
        threads = [threading.Thread(target=_wait, args=[each]) for each in (ours, client)]
        for thread in threads:
            thread.start()
        _until(lambda: target.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (2,))

        reading = gauge.read(target, [])

        holder.rollback()
        for thread in threads:
            thread.join()
    assert reading.gauges[Metric.BLOCKED] == 1
    assert reading.gauges[Metric.LOCK_WAIT] > 0


def _wait(connection):
    connection.execute("SELECT count(*) FROM users")


def _until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_query_that_waits_counts_as_long_as_it_was_waited_for(users, target, monkeypatch):
    monkeypatch.setattr(gauge, "LONGEST_PROBE", 0.2)
    with psycopg.connect(users) as holder:
        holder.execute("LOCK TABLE users")

        reading = gauge.read(target, ["public.users"])

    assert 0.2 <= reading.latencies["public.users"] < 2


@pytest.mark.parametrize("table", ["public.nowhere", "nowhere.at_all"])
def test_table_that_is_not_there_has_no_latency(target, table):
    assert gauge.read(target, [table]).latencies == {}


def test_table_without_a_primary_key_is_read_from_anywhere(target):
    target.execute('CREATE TABLE "Odd name" (id int)')

    assert gauge.read(target, ["public.Odd name"]).latencies.keys() == {"public.Odd name"}


def test_fullest_real_disk_counts():
    assert figures_in(METRICS) == {Metric.HOST_LOAD: 0.75, Metric.HOST_MEMORY: 0.25, Metric.HOST_DISK: 0.05}


@pytest.mark.parametrize("text", ["", "<html>no metrics here</html>", "node_load1 NaN\n", "node_memory_MemAvailable_bytes 5\n"])
def test_what_is_not_told_is_unknown(text):
    assert figures_in(text) == {}


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(METRICS.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_host_is_asked_at_its_address_and_unknown_where_nobody_answers():
    server = HTTPServer(("127.0.0.1", 0), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/metrics"

    there = host_figures(address)
    server.shutdown()
    server.server_close()

    assert there[Metric.HOST_LOAD] == 0.75
    assert host_figures(address) == {}
    assert host_figures("") == {}
