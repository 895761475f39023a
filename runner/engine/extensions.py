"""Which extensions scripts and databases ask for, so that a scratch server is chosen that offers them."""

import re
from collections.abc import Iterable

import psycopg
from psycopg.rows import scalar_row

_CREATED = re.compile(r'\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:"((?:[^"]|"")+)"|([\w-]+))', re.IGNORECASE)


def named_in(texts: Iterable[str]) -> frozenset[str]:
    """Too many rather than too few: those in comments too."""
    found = (match for text in texts for match in _CREATED.finditer(text))
    return frozenset(match[1].replace('""', '"') if match[1] else match[2].lower() for match in found)


def installed_in(database: psycopg.Connection) -> frozenset[str]:
    with database.cursor(row_factory=scalar_row) as cursor:
        return frozenset(cursor.execute("SELECT extname FROM pg_extension").fetchall())
