"""Every line says what it belongs to, is one line of JSON where that is asked for, and holds no secret."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from logging.config import DictConfigurator
from uuid import uuid4

import psycopg
import pytest

from governance.handoff import Claim
from portal.logs import ContextFilter, JsonFormatter, LineFormatter, about, configuration
from runner.heart import Heart

Written = Callable[[], list[str]]
URL = "postgres://lockgate:tr0ub4dor@127.0.0.1:1/lockgate"


@pytest.fixture(params=[JsonFormatter, LineFormatter])
def formatter(request, monkeypatch) -> logging.Formatter:
    monkeypatch.setenv("SOME_TARGET_URL", URL)
    return request.param()


@pytest.fixture
def logger(formatter) -> Iterator[tuple[logging.Logger, Written]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    handler.addFilter(ContextFilter())
    found = logging.Logger(f"test.{uuid4().hex}")
    found.addHandler(handler)
    return found, lambda: stream.getvalue().splitlines()


@pytest.fixture
def json_logger(logger, formatter) -> tuple[logging.Logger, Written]:
    logger[0].handlers[0].setFormatter(JsonFormatter())
    return logger


def test_connection_string_in_an_exception_is_not_written(logger):
    log, written = logger

    try:
        psycopg.connect("host=127.0.0.1 port=1 user=lockgate password=tr0ub4dor nonsense=1")
    except psycopg.ProgrammingError:
        log.exception("Could not connect to %s", URL)
    log.error("The server said: tr0ub4dor")

    text = "\n".join(written())
    assert "tr0ub4dor" not in text
    assert "127.0.0.1" not in text
    assert "[hidden]" in text
    assert "ProgrammingError" in text


def test_exception_with_a_connection_string_in_its_words_is_not_written(logger):
    log, written = logger

    try:
        raise RuntimeError(f"no way to {URL} with host=db password=tr0ub4dor")
    except RuntimeError:
        log.exception("Failed")

    assert "tr0ub4dor" not in "\n".join(written())
    assert "no way to [hidden]" in "\n".join(written())


def test_context_is_on_every_line_inside_and_on_none_outside(logger):
    log, written = logger

    log.info("before")
    with about(request_id="r-1"), about(user="rosa"):
        log.info("inside")
    log.info("after")

    before, inside, after = written()
    assert "r-1" in inside
    assert "rosa" in inside
    assert "r-1" not in before + after


def test_json_line_has_its_parts(json_logger):
    log, written = json_logger

    with about(run="7", status=200):
        try:
            raise ValueError("two\nlines")
        except ValueError:
            log.exception("It said %s", "“no”")

    [line] = written()
    entry = json.loads(line)
    assert {name: entry[name] for name in ("level", "message", "run", "status")} == {
        "level": "ERROR", "message": "It said “no”", "run": "7", "status": 200,
    }  # fmt: skip
    assert entry["at"].endswith("+00:00")
    assert entry["exception"].endswith("ValueError: two\nlines")


def test_context_may_be_asked_for_when_the_line_is_written(json_logger):
    log, written = json_logger
    names = [""]

    with about(user=lambda: names[0]):
        log.info("nobody")
        names[0] = "erin"
        log.info("somebody")

    first, second = map(json.loads, written())
    assert "user" not in first
    assert second["user"] == "erin"


def test_lines_of_the_runners_work_carry_the_run(json_logger, db):
    log, written = json_logger
    claim = Claim("run", uuid4(), uuid4(), None)

    with Heart(claim):
        log.info("inside")
    log.info("after")

    inside, after = map(json.loads, written())
    assert (inside["kind"], inside["run"]) == ("run", str(claim.id))
    assert "run" not in after


@pytest.mark.parametrize(("form", "expected"), [("json", JsonFormatter), ("line", LineFormatter)])
def test_environment_chooses_the_form(form, expected):
    chosen = DictConfigurator(configuration(form, "INFO")).configure_formatter(configuration(form, "INFO")["formatters"]["chosen"])

    assert isinstance(chosen, expected)
