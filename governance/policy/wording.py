"""A rule as people read it."""

from governance.policy.rules import Condition, Rule
from governance.wording import counted

NAMES = {"environments": "in", "risks": "risk", "classes": "class", "domains": "domain", "patterns": "pattern", "kinds": "kind"}
SIZES = ((2**40, "TB"), (2**30, "GB"), (2**20, "MB"), (1, "bytes"))


def asked(rule: Rule) -> str:
    """ "2 technical approvals from payments, of each touched domain's owners"."""
    text = counted(rule.people, f"{rule.kind.noun} approval")
    text += f" from {' or '.join(rule.groups)}" if rule.groups else ""
    return f"{text} of each touched domain's owners" if rule.each_domain else text


def when(condition: Condition) -> str:
    """ "risk high or critical, in production"; "always"."""
    found = [f"{word} {' or '.join(sorted(getattr(condition, name)))}" for name, word in NAMES.items() if getattr(condition, name)]
    if condition.production is not None:
        found.append("in production" if condition.production else "below production")
    if condition.larger_than is not None:
        unit, word = next(((unit, word) for unit, word in SIZES if condition.larger_than >= unit), SIZES[-1])
        found.append(f"a table larger than {condition.larger_than / unit:,.4g} {word}")
    found += ["it cannot be undone"] if condition.irreversible else []
    found += ["a soft blackout lies over it"] if condition.soft_blackout else []
    return ", ".join(found) or "always"


def lasts(rule: Rule) -> str:
    return f"counts for {counted(rule.days, 'day')}, escalated after {counted(rule.hours, 'hour')}"
