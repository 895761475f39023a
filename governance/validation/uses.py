"""Built-in checks as an author writes them behind `-- use:`, one line each."""

import re
from collections.abc import Callable, Mapping
from itertools import accumulate

from governance.analysis.statements import parse, tokens
from governance.errors import UnparsableScript
from governance.orders import Check
from governance.validation.catalogue import CATALOGUE, Builtin

NAME = r"(?:[a-z_][\w$]*)"
TABLE = rf"(?P<table>{NAME}\.{NAME})"
COLUMNS = r"(?:\s*\((?P<columns>[^()]+)\))?"
WITHOUT = r"(?:\s+without\s+(?P<without>[\w$]+(?:\s*,\s*[\w$]+)*))?"
SAMPLED = 30_000
PATH = re.compile(r"/(?!/)[\w\-./~%?=&,:;+]*")
HTTP = re.compile(r"http\s+(?P<path>\S+)(?:\s+expecting\s+(?P<status>\d{3}))?(?:\s+containing\s+(?P<text>.+))?")
FORMS: Mapping[Builtin, re.Pattern[str]] = {
    Builtin.ROWS: re.compile(rf"rows of {TABLE}"),
    Builtin.KEYS: re.compile(rf"keys of {TABLE}"),
    Builtin.CHECKSUM: re.compile(rf"checksum of {TABLE}{COLUMNS}{WITHOUT}"),
    Builtin.BATCHES: re.compile(rf"batches of {TABLE}{COLUMNS}{WITHOUT}"),
    Builtin.TRANSFORMED: re.compile(rf"transformed {TABLE}\s*:\s*(?P<detail>{NAME}\s*=.+)"),
    Builtin.NULLS: re.compile(rf"nulls of {TABLE}{COLUMNS}{WITHOUT}"),
    Builtin.PROFILE: re.compile(rf"profile of {TABLE}{COLUMNS}{WITHOUT}"),
    Builtin.ORPHANS: re.compile(rf"orphans of {TABLE}\s*\((?P<columns>[^()]+)\) in (?P<detail>{NAME}\.{NAME}\s*\([^()]+\))"),
    Builtin.DUPLICATES: re.compile(rf"duplicates of {TABLE}\s*\((?P<columns>[^()]+)\)"),
    Builtin.REFUSED_NULL: re.compile(rf"refused null of {TABLE}\s*\((?P<columns>[^()]+)\)"),
    Builtin.REFUSED_CHECK: re.compile(rf"refused check of {TABLE}\s*:\s*(?P<detail>.+)"),
    Builtin.REFUSED_TYPE: re.compile(rf"refused type of {TABLE}\s*:\s*(?P<detail>{NAME} as .+)"),
    Builtin.SEQUENCES: re.compile(rf"sequences of {TABLE}"),
    Builtin.SAMPLE: re.compile(rf"sample of {TABLE}{COLUMNS}{WITHOUT}(?:\s*,\s*(?P<detail>\d+) rows)?"),
    Builtin.DISTRIBUTION: re.compile(rf"distribution of {TABLE}\s*\((?P<columns>[^()]+)\)"),
    Builtin.SAME: re.compile(rf"same {TABLE} as (?P<detail>{NAME}\.{NAME}){WITHOUT}"),
    Builtin.CANARY: re.compile(r"canary"),
    Builtin.HTTP: HTTP,
}


class BadUse(Exception):
    def __init__(self, why: str, right: str) -> None:
        super().__init__(f"{why}. {right}")
        self.why, self.right = why, right


def read_use(text: str) -> Check:
    """Raises BadUse."""
    words = " ".join(text.split())
    builtin = next((each for each in sorted(Builtin, key=len, reverse=True) if words == each or words.startswith(f"{each} ")), None)
    if builtin is None:
        raise BadUse(f"`{words}` names no built-in check", f"The built-in checks are {', '.join(Builtin)}.")
    found = FORMS[builtin].fullmatch(words)
    if not found:
        raise BadUse(f"`{words}` cannot be read", f"Write for example `-- use: {CATALOGUE[builtin].form}`.")
    given = found.groupdict()
    detail = _detail(builtin, given)
    return make(builtin, given.get("table") or "", _names(given.get("columns")), _names(given.get("without")), detail, name=words)


def make(
    builtin: Builtin, table: str = "", columns: tuple[str, ...] = (), without: tuple[str, ...] = (), detail: str = "", name: str = ""
) -> Check:
    """As the catalogue has it."""
    entry = CATALOGUE[builtin]
    return Check(
        name=name or as_text(builtin, table, columns, without, detail),
        question=entry.question,
        moment=entry.moment,
        sql="",
        expect=entry.expect,
        severity=entry.severity,
        builtin=builtin,
        table=table,
        columns=columns,
        without=without,
        detail=detail,
    )


def as_text(builtin: Builtin, table: str, columns: tuple[str, ...], without: tuple[str, ...], detail: str) -> str:
    """What an author would write for it: what `read_use` reads."""
    about = f" ({', '.join(columns)})" if columns else ""
    left_out = f" without {', '.join(without)}" if without else ""
    said = WORDS.get(builtin, lambda table, detail: f"{builtin} of {table}")(table, detail)
    tail = {Builtin.ORPHANS: f" in {detail}", Builtin.SAMPLE: f", {detail} rows"}.get(builtin, "") if detail else ""
    return f"{said}{about}{left_out}{tail}"


WORDS: Mapping[Builtin, Callable[[str, str], str]] = {
    Builtin.TRANSFORMED: lambda table, detail: f"transformed {table}: {detail}",
    Builtin.REFUSED_CHECK: lambda table, detail: f"refused check of {table}: {detail}",
    Builtin.REFUSED_TYPE: lambda table, detail: f"refused type of {table}: {detail}",
    Builtin.SAME: lambda table, detail: f"same {table} as {detail}",
    Builtin.HTTP: lambda _table, detail: "http {} expecting {}{}".format(*_said(detail)),
}


def _said(detail: str) -> tuple[str, str, str]:
    path, status, text = [*detail.split("\n", 2), "", ""][:3]
    return path, status, f" containing {text}" if text else ""


def _detail(builtin: Builtin, given: Mapping[str, str | None]) -> str:
    if builtin is Builtin.HTTP:
        if not PATH.fullmatch(given["path"] or ""):
            raise BadUse(f"`{given['path']}` is not a path of the service", "Write it from the first slash on, for example /health.")
        return "\n".join((given["path"] or "", given["status"] or "200", given["text"] or ""))
    detail = given.get("detail") or ""
    if builtin is Builtin.SAMPLE:
        return detail or str(SAMPLED)
    if builtin in (Builtin.TRANSFORMED, Builtin.REFUSED_CHECK):
        _refuse_no_expression(detail.partition("=")[2] if builtin is Builtin.TRANSFORMED else detail)
    if builtin is Builtin.REFUSED_TYPE:
        _refuse_no_expression(f"NULL::{detail.partition(' as ')[2]}")
    return detail


def _refuse_no_expression(text: str) -> None:
    """One expression that only reads, not a way out of the query into which it is put."""
    if not _balanced(text):
        raise BadUse(f"`{text.strip()}` is not an expression: its parentheses do not match", "Write one that stands in a WHERE.")
    try:
        nodes = parse(f"SELECT ({text}\n)")
    except UnparsableScript as error:
        raise BadUse(f"`{text.strip()}` is not an expression, {error.why}", "Write one that stands in a WHERE.") from error
    if len(nodes) != 1 or any(node.node_type in ("InsertStmt", "UpdateStmt", "DeleteStmt", "IntoClause") for node in nodes[0].walk()):
        raise BadUse(f"`{text.strip()}` is more than one expression", "Write one that stands in a WHERE.")


def _balanced(text: str) -> bool:
    """No parenthesis is closed that the text did not open."""
    depths = list(accumulate({"(": 1, ")": -1}.get(token.text, 0) for token in tokens(text)))
    return not depths or (min(depths) >= 0 and depths[-1] == 0)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
