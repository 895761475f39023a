"""A read-only view of the parse tree, so that nothing else depends on the form in which the parser hands it over."""

from collections.abc import Mapping
from functools import cache
from keyword import iskeyword
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

import postgast
from google.protobuf.descriptor import FieldDescriptor

ENVELOPE = "Node"  # of the grammar: around one of its kinds of nodes
KINDS = postgast.pg_query_pb2.DESCRIPTOR.message_types_by_name
WRAPPED_AS = {str(field.message_type.name): str(field.name) for field in KINDS[ENVELOPE].fields}
NOTHING: tuple["Node", ...] = ()
NEW = object.__new__
Fields = dict[str, Any]


class Node:
    """A node of PostgreSQL's parse tree, with the grammar's own field names. Each kind of node is a class of its own, made when it is met.

    A field reads as a Node or None, a tuple of Nodes, a string, a number or a bool; an enumeration reads as its name.
    A field named like a Python keyword is read with an underscore behind it: `def_`.
    """

    __slots__ = ("__dict__", "below")
    node_type: ClassVar[str]
    bare: ClassVar[Mapping[str, str]]  # the fields that hold a node of one certain kind, and which
    theirs: ClassVar[Mapping[str, str]]  # how the parser's messages name the fields
    below: tuple["Node", ...]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def walk(self) -> list["Node"]:
        """This node and everything below it, depth first, without recursion: a deep expression must not exhaust the stack."""
        found, waiting = [], [self]
        while waiting:
            node = waiting.pop()
            found.append(node)
            if node.below:
                waiting += node.below[::-1]
        return found

    def as_message(self) -> Fields:
        """What the parser's message of this kind is made of; all but a plain DISTINCT, which it gives as a list of nothing."""
        made: dict[Node, Fields] = {}
        for node in reversed(self.walk()):
            made[node] = {node.theirs[name]: _wrapped(value, made, name in node.bare) for name, value in vars(node).items()}
        return made[self]


def grown(envelope: dict[str, Fields]) -> Node:
    """The tree out of the parser's JSON, which becomes its own: the nodes of a statement are few, and nearly all of them are asked for."""
    root = _opened(envelope)
    waiting = [root]
    while waiting:
        node = waiting.pop()
        fields, below = node.__dict__, NOTHING
        for name, value in fields.items():
            kind = type(value)
            if kind is dict:
                fields[name] = inner = _opened({node.bare[name]: value} if name in node.bare else value)
                below += (inner,)
            elif kind is list:
                fields[name] = several = tuple([_opened(each) for each in value if each])
                below += several
        node.below = below
        waiting += below
    return root


def _opened(envelope: dict[str, Fields]) -> Node:
    """What is not among the fields has the default of its class."""
    name, fields = envelope.popitem()
    node = NEW(_kind(name))
    node.__dict__ = fields
    return node


def _wrapped(value: Any, made: Mapping[Node, Fields], bare: bool) -> Any:
    if isinstance(value, Node):
        return made[value] if bare else {WRAPPED_AS[value.node_type]: made[value]}
    return [_wrapped(each, made, bare) for each in value] if isinstance(value, tuple) else value


@cache
def _kind(name: str) -> type[Node]:
    """The class of such nodes."""
    fields = KINDS[name].fields
    bare = {field.json_name: field.message_type.name for field in fields if field.message_type and field.message_type.name != ENVELOPE}
    defaults = {field.json_name: _default(field) for field in fields}
    theirs = {field.json_name: field.name for field in fields}
    ours = ((f"{name}_" if iskeyword(name) else name, key) for key, name in theirs.items())
    renamed = {name: property(attrgetter(key)) for name, key in ours if name != key}
    return type(name, (Node,), {"__slots__": (), "node_type": name, "bare": bare, "theirs": theirs, **defaults, **renamed})


def _default(field: FieldDescriptor) -> Any:
    if field.is_repeated:
        return ()
    if field.message_type:
        return None
    return field.enum_type.values_by_number[0].name if field.enum_type else field.default_value


def strings(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    return tuple([node.sval for node in nodes if node.node_type == "String"]) if nodes else ()


def dotted(nodes: tuple[Node, ...]) -> str:
    return ".".join(strings(nodes))


def relation(node: Node | None) -> str:
    """A RangeVar as written: "table" or "schema.table"."""
    if node is None:
        return ""
    return f"{node.schemaname}.{node.relname}" if node.schemaname else str(node.relname)


def only_of(*nodes: Node | None) -> frozenset[str]:
    """Those of the relations that are named with ONLY."""
    return frozenset([relation(node) for node in nodes if node is not None and not node.inh])


def option(nodes: tuple[Node, ...], name: str) -> Node | None:
    """A DefElem out of an option list."""
    return next((node for node in nodes if node.node_type == "DefElem" and node.defname == name), None)


def switched_on(nodes: tuple[Node, ...], name: str) -> bool:
    """Whether a boolean option is given and not given as false."""
    found = option(nodes, name)
    if found is None:
        return False
    return not found.arg or _word(found.arg) not in ("false", "off", "0")


def switched_off(nodes: tuple[Node, ...], name: str) -> bool:
    return option(nodes, name) is not None and not switched_on(nodes, name)


def _word(node: Node) -> str:
    match node.node_type:
        case "String":
            return str(node.sval).lower()
        case "Boolean":
            return str(node.boolval).lower()
        case "Integer":
            return str(node.ival)
        case _:
            return ""
