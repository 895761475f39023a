"""SQL with its words marked, line by line, safe to put into a page."""

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

WORDS = (
    "add|alter|and|any|array|as|asc|begin|between|bigint|boolean|by|cascade|case|check|column|comment|"
    "commit|concurrently|constraint|create|database|default|delete|desc|disable|distinct|do|domain|drop|else|"
    "enable|end|enum|execute|exists|false|for|foreign|from|function|generated|grant|group|having|identity|if|"
    "in|index|insert|int|integer|into|is|jsonb|join|key|language|left|like|limit|lock|not|null|numeric|of|"
    "on|only|or|order|policy|primary|procedure|public|references|refresh|reindex|rename|replace|restrict|"
    "return|returns|revoke|row|schema|security|select|set|table|temporary|text|then|timestamptz|to|trigger|"
    "true|truncate|type|union|unique|update|using|vacuum|valid|validate|values|varchar|view|when|where|with"
)
TOKEN = re.compile(r"(?P<i>--[^\n]*|/\*.*?\*/)|(?P<s>'(?:[^']|'')*')|(?P<b>\b(?:" + WORDS + r")\b)", re.IGNORECASE | re.DOTALL)


def highlighted(text: str) -> list[SafeString]:
    """Comments in <i>, strings in <s>, key words in <b>; a token that spans lines is marked on each."""
    marked, position = [], 0
    for token in TOKEN.finditer(text):
        marked.append(str(escape(text[position : token.start()])))
        tag = token.lastgroup
        marked.append("\n".join(f"<{tag}>{escape(line)}</{tag}>" for line in token[0].split("\n")))
        position = token.end()
    marked.append(str(escape(text[position:])))
    # every piece above is escaped
    return [mark_safe(line) for line in "".join(marked).rstrip("\n").split("\n")]
