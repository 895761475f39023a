"""What a client says of itself, as a file; and what an OpenAPI document says of its fields. Text in, values out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from governance.errors import BadSpecification

KEYS = frozenset(
    {
        "name", "version", "distribution", "made_for", "complete", "strict", "closed_values", "integer_bits", "api_version", "uses", "live",
    }
)  # fmt: skip
USE_KEYS = frozenset({"object", "reads", "writes", "by"})
EXTENSION = "x-columns"  # of an operation's response or request property: a column, or a list of them
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
EXAMPLE = "Write for example {name: App, version: '2.1', uses: [{object: public.bids.total_cents, reads: true}]}."


@dataclass(frozen=True, slots=True)
class Bound:
    object: str
    reads: bool = True
    writes: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    name: str
    version: str
    uses: tuple[Bound, ...] = ()
    distribution: str = "released"
    made_for: str = ""  # version of the backend, as “Backend 2.0”
    complete: bool = False
    strict: bool = False
    closed_values: bool = False
    integer_bits: int = 64
    api_version: str = ""
    live: bool = True


def parse_contract(where: str, text: str) -> Contract:
    """YAML or JSON. Raises BadSpecification with what is wrong and what would be right."""
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadSpecification(where, "it is neither YAML nor JSON", EXAMPLE) from error
    if not isinstance(given, dict):
        raise BadSpecification(where, "it is not a mapping", EXAMPLE)
    return read_contract(where, given)


def read_contract(where: str, given: Mapping[str, Any]) -> Contract:
    for key in given.keys() - KEYS:
        raise BadSpecification(where, f"it has an unknown key {key!r}", f"The keys are {', '.join(sorted(KEYS))}.")
    if not given.get("name") or not given.get("version"):
        raise BadSpecification(where, "it lacks a name or a version", EXAMPLE)
    if not isinstance(given["version"], str):
        raise BadSpecification(where, f"its version {given['version']!r} is not text", "Put it in quotes: 1.10 without them is 1.1.")
    uses = given.get("uses") or []
    if not isinstance(uses, list):
        raise BadSpecification(where, "uses is not a list", EXAMPLE)
    return Contract(**{**given, "uses": tuple(_use(where, each) for each in uses)})


def _use(where: str, given: Any) -> Bound:
    if not isinstance(given, dict) or not given.get("object") or given.keys() - USE_KEYS:
        raise BadSpecification(where, f"{given!r} is not a use", f"The keys of a use are {', '.join(sorted(USE_KEYS))}.")
    return Bound(**{"reads": not given.get("writes", False), **given})


def bindings_of(where: str, document: Mapping[str, Any]) -> tuple[Bound, ...]:
    """What stands behind the fields of an API, by the extension of its properties; schemas may be referred to.

    Raises BadSpecification.
    """
    paths = document.get("paths")
    if not isinstance(paths, dict):
        raise BadSpecification(where, "it is not an OpenAPI document: it has no paths", "Send the document itself, as JSON.")
    found = (
        Bound(column, part == "responses", part == "requestBody", f"{method.upper()} {path} {field}".strip())
        for path, item in paths.items()
        for method, operation in item.items()
        if method in METHODS
        for part in ("requestBody", "responses")
        for field, column in _columns(operation.get(part), document, "", ())
    )
    return tuple(dict.fromkeys(found))


def _columns(node: Any, document: Mapping[str, Any], field: str, seen: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every field below a node with the columns behind it. A schema that contains itself is read once."""
    if isinstance(node, list):
        for each in node:
            yield from _columns(each, document, field, seen)
    if not isinstance(node, dict):
        return
    reference = node.get("$ref", "")
    if reference and reference not in seen:
        yield from _columns(_referred(reference, document), document, field, (*seen, reference))
    columns = node.get(EXTENSION, [])
    for column in [columns] if isinstance(columns, str) else columns:
        yield field, column
    for key, value in node.items():
        if key == "properties" and isinstance(value, dict):
            for name, schema in value.items():
                yield from _columns(schema, document, f"{field}.{name}".strip("."), seen)
        elif key != EXTENSION:
            yield from _columns(value, document, field, seen)


def _referred(reference: str, document: Mapping[str, Any]) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part, {}) if isinstance(found, dict) else {}
    return found
