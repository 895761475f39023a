"""Templates of standard changes: scripts with parameters such as {{ table }}, the bounds of each, and why a change does not fit. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from governance.errors import BadInput

PLACE = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
NAME = re.compile(r"[a-z][a-z0-9_]*")
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")
NEEDED = 2  # people who approve a version, none of whom wrote it


class ParameterKind(StrEnum):
    INTEGER = "integer"
    IDENTIFIER = "identifier"  # of a table, column or index, unquoted
    TEXT = "text"  # stands as a quoted literal


@dataclass(frozen=True, slots=True)
class Parameter:
    """Bounds that are empty do not bind. `minimum` and `maximum`: of an integer, or of the length of a text."""

    name: str
    kind: ParameterKind
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Parameter":
        """Raises BadInput."""
        name, kind = str(row.get("name", "")), str(row.get("kind", ""))
        if not NAME.fullmatch(name):
            raise BadInput(
                f"“{name}” cannot be the name of a parameter. Use small letters, digits and underscores, for example batch_size."
            )
        if kind not in set(ParameterKind):
            raise BadInput(f"The parameter {name} is of the kind {kind!r}. It is one of {', '.join(ParameterKind)}.")
        bounds = [row.get(side) for side in ("minimum", "maximum")]
        if any(bound is not None and (isinstance(bound, bool) or not isinstance(bound, int)) for bound in bounds):
            raise BadInput(f"The bounds of {name} are not whole numbers. Write for example minimum 1 and maximum 1000.")
        return cls(name, ParameterKind(kind), bounds[0], bounds[1], tuple(map(str, row.get("choices") or ())))


def parameters_of(rows: Sequence[Mapping[str, Any]], *texts: str) -> tuple[Parameter, ...]:
    """Those of a template, which stand in its scripts, each once.

    Raises:
        BadInput
    """
    found = tuple(map(Parameter.from_json, rows))
    names = [parameter.name for parameter in found]
    used = {name for text in texts for name in PLACE.findall(text)}
    if len(set(names)) < len(names):
        raise BadInput(f"A parameter is named twice among {', '.join(names)}. Leave one of them out.")
    if used != set(names):
        odd = ", ".join(sorted(used ^ set(names)))
        raise BadInput(f"Scripts and parameters do not agree about {odd}. Each parameter stands in a script, and the other way round.")
    return found


def values_of(parameters: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, str]:
    """As text, one for each parameter, of its kind whatever its bounds: what would not be SQL is refused.

    Raises:
        BadInput
    """
    names = {parameter.name for parameter in parameters}
    if names != given.keys():
        odd = ", ".join(sorted(names ^ given.keys()))
        raise BadInput(f"The template takes {', '.join(sorted(names)) or 'no parameters'}; this does not fit: {odd}.")
    return {parameter.name: _value(parameter, str(given[parameter.name]).strip()) for parameter in parameters}


def _value(parameter: Parameter, text: str) -> str:
    match parameter.kind:
        case ParameterKind.INTEGER if not re.fullmatch(r"-?\d{1,18}", text):
            raise BadInput(f"{parameter.name} is {text!r}, which is no whole number.")
        case ParameterKind.IDENTIFIER if not IDENTIFIER.fullmatch(text):
            raise BadInput(f"{parameter.name} is {text!r}, which is no plain name of a table or column. Use small letters and underscores.")
        case ParameterKind.TEXT if set("\\\0\n\r") & set(text):
            raise BadInput(f"{parameter.name} has a character that a quoted literal cannot hold plainly. Leave it out.")
    return text


def outside(parameters: Sequence[Parameter], values: Mapping[str, str]) -> str:
    """Why values are out of bounds; "" while they are within."""
    return "; ".join(why for parameter in parameters if (why := _outside(parameter, values[parameter.name])))


def _outside(parameter: Parameter, text: str) -> str:
    size = int(text) if parameter.kind is ParameterKind.INTEGER else len(text)
    what = f"{parameter.name} is {text}" if parameter.kind is ParameterKind.INTEGER else f"{parameter.name} has {size} characters"
    if parameter.choices and text not in parameter.choices:
        return f"{parameter.name} is {text}, not one of {', '.join(parameter.choices)}"
    if parameter.minimum is not None and size < parameter.minimum:
        return f"{what}, less than {parameter.minimum}"
    if parameter.maximum is not None and size > parameter.maximum:
        return f"{what}, more than {parameter.maximum}"
    return ""


def rendered(text: str, parameters: Sequence[Parameter], values: Mapping[str, str]) -> str:
    quoted = {each.name: _sql(each, values[each.name]) for each in parameters}
    return PLACE.sub(lambda found: quoted[found[1]], text)


def _sql(parameter: Parameter, text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if parameter.kind is ParameterKind.TEXT else text
