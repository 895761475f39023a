"""Log lines that say what they belong to, for people or for machines, and never a secret."""

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from portal.redaction import Redaction

Value = str | int | float
Context = Mapping[str, Value | Callable[[], Value]]

_context: ContextVar[Context] = ContextVar("log_context", default=MappingProxyType({}))


@contextmanager
def about(**values: Value | Callable[[], Value]) -> Iterator[None]:
    """Every line logged inside carries these values; a function is asked when a line is written."""
    token = _context.set({**_context.get(), **values})
    try:
        yield
    finally:
        _context.reset(token)


def present() -> Context:
    return _context.get()


class ContextFilter(logging.Filter):
    """Django writes some lines about a request after all middleware has left; the request they name remembers its context."""

    def filter(self, record: logging.LogRecord) -> bool:
        context = _context.get() or getattr(vars(record).get("request"), "log_context", {})
        values = {name: value() if callable(value) else value for name, value in context.items()}
        said = {name: value for name, value in values.items() if value != ""}
        vars(record).update(context=said, suffix="".join(f" {name}={value}" for name, value in said.items()))
        return True


class LineFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}{suffix}", style="{")
        self.redact = Redaction(os.environ)

    def format(self, record: logging.LogRecord) -> str:
        return self.redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One object a line: at, level, logger, message, what the context says, and the exception."""

    def __init__(self) -> None:
        super().__init__()
        self.redact = Redaction(os.environ)

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {"at": at, "level": record.levelname, "logger": record.name, "message": record.getMessage(), **vars(record)["context"]}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps({name: self.redact(value) if isinstance(value, str) else value for name, value in entry.items()})


def configuration(form: str, level: str) -> dict[str, Any]:
    """For logging.config.dictConfig; `form` is "json" or "line". gunicorn's own lines go the same way."""
    formatter = JsonFormatter if form == "json" else LineFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": ContextFilter}},
        "formatters": {"chosen": {"()": formatter}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen", "filters": ["context"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {"gunicorn.error": {"handlers": ["console"], "level": level, "propagate": False}},
    }
