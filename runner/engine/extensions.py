"""Which extensions scripts ask for, so that a scratch server is chosen that offers them."""

import re
from collections.abc import Iterable

_CREATED = re.compile(r'\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:"((?:[^"]|"")+)"|([\w-]+))', re.IGNORECASE)


def named_in(texts: Iterable[str]) -> frozenset[str]:
    """Too many rather than too few: those in comments too."""
    found = (match for text in texts for match in _CREATED.finditer(text))
    return frozenset(match[1].replace('""', '"') if match[1] else match[2].lower() for match in found)
