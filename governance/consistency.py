"""The checks that domains keep on their data, as a rehearsal asks them; each says which other domains it spans."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from governance.models import Domain, DomainTable
from governance.orders import Check
from governance.validation import parse_checks


def consistency_checks() -> tuple[Check, ...]:
    """Of all domains, whatever a change touches: what it breaks may be elsewhere."""
    tables: dict[str, set[str]] = defaultdict(set)
    for domain, table in DomainTable.objects.values_list("domain__name", "name"):
        tables[domain].add(table.rpartition(".")[2].lower())
    return tuple(
        replace(check, name=named(check, domain.name, tables))
        for domain in Domain.objects.asking()
        for check in parse_checks(domain.name, domain.checks)
    )


def named(check: Check, own: str, tables: Mapping[str, set[str]]) -> str:
    """ "Bidding: no bid without a project (with Projects)"."""
    words = {word.lower() for word in re.findall(r"\w+", check.sql)}
    others = sorted(domain for domain, names in tables.items() if domain != own and names & words)
    return f"{own}: {check.name}" + (f" (with {', '.join(others)})" if others else "")
