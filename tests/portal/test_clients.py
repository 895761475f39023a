"""The simulated clients notice what real ones would."""

import threading
import time

import psycopg

from portal.clients import Clients, Report


def one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone()[0]


def test_clients_read_and_write_bids_and_messages(marketplace):
    messages = one(marketplace, "SELECT count(*) FROM messages")

    with Clients(marketplace, pause=0.005) as clients:
        time.sleep(0.5)

    assert clients.report.statements > 20
    assert clients.report.failed == 0
    assert 0 < clients.report.p95 <= clients.report.worst
    assert one(marketplace, "SELECT count(DISTINCT note) FROM bids WHERE note LIKE 'Seen by client %'") == 4
    assert one(marketplace, "SELECT count(*) FROM messages") > messages


def test_clients_change_no_total(marketplace):
    totals = "SELECT md5(string_agg(id || ' ' || total_cents, ',' ORDER BY id)) FROM bids"
    before = one(marketplace, totals)

    with Clients(marketplace, pause=0.005):
        time.sleep(0.2)

    assert one(marketplace, totals) == before


def test_worst_wait_is_as_long_as_the_lock_that_caused_it(marketplace):
    with Clients(marketplace, pause=0.005) as clients, psycopg.connect(marketplace) as connection:
        time.sleep(0.1)
        connection.execute("LOCK TABLE bids IN ACCESS EXCLUSIVE MODE")
        time.sleep(0.4)
        connection.rollback()

    assert clients.report.worst >= 0.35


def test_broken_connections_are_counted_and_opened_again(marketplace):
    with Clients(marketplace, pause=0.005) as clients:
        time.sleep(0.2)
        one(marketplace, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'instabids-service'")
        counted = clients.report.statements
        time.sleep(0.3)

    assert 1 <= clients.report.failed <= 4
    assert clients.report.statements > counted


def test_unreachable_server_is_counted_and_not_raised():
    with Clients("postgresql://nobody@127.0.0.1:1/none", count=1) as clients:
        time.sleep(0.1)

    assert clients.report.failed >= 1
    assert clients.report == Report(statements=0, failed=clients.report.failed, worst=0.0, p95=0.0)


def test_no_thread_outlives_its_context(marketplace):
    before = threading.active_count()

    with Clients(marketplace, count=3):
        during = threading.active_count()

    assert during == before + 3
    assert threading.active_count() == before
