"""A read-only view of the parse tree, so that nothing else depends on the form in which the parser hands it over."""

from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message


class Node:
    """A node of PostgreSQL's parse tree, with the grammar's own field names.

    A field reads as a Node or None, a tuple of Nodes, a string, a number or a bool; an enumeration reads as its name.
    A field named like a Python keyword is read with an underscore behind it: `def_`.
    """

    __slots__ = ("_message", "node_type")

    def __init__(self, message: Message) -> None:
        self._message = message
        self.node_type: str = message.DESCRIPTOR.name

    def __getattr__(self, name: str) -> Any:
        return _reader(self._message.DESCRIPTOR, name)(self._message)

    def copy_into(self, envelope: Message) -> None:
        """Into the grammar's `Node`, as a field of its kind."""
        field = next(each for each in envelope.DESCRIPTOR.fields if each.message_type is self._message.DESCRIPTOR)
        getattr(envelope, field.name).CopyFrom(self._message)

    def copy_over(self, other: Message) -> None:
        """One of its own kind in another tree."""
        other.CopyFrom(self._message)

    def walk(self) -> Iterator["Node"]:
        """This node and everything below it, depth first, without recursion: a deep expression must not exhaust the stack."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            below: list[Message] = []
            for field, value in node._message.ListFields():
                if field.message_type:
                    below.extend((value,) if isinstance(value, Message) else value)
            waiting.extend(filter(None, map(wrap, reversed(below))))


def wrap(message: Message) -> Node | None:
    """The node itself: the grammar's `Node` is only an envelope around one of its kinds."""
    if message.DESCRIPTOR.name != "Node":
        return Node(message)
    inner = message.WhichOneof("node")
    return Node(getattr(message, inner)) if inner else None


@cache
def _reader(kind: Descriptor, name: str) -> Callable[[Message], Any]:
    """How a field of such a message is read. Statements have the same few shapes over and over, so this is found out once."""
    field = kind.fields_by_name.get(name.removesuffix("_"))
    if field is None:
        raise AttributeError(f"{kind.name} has no field {name}")
    get = attrgetter(field.name)
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return (lambda message: tuple(filter(None, map(wrap, get(message))))) if field.is_repeated else _optional(field.name, get)
    if field.enum_type:
        names = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return lambda message: names[get(message)]
    return get


def _optional(name: str, get: Callable[[Message], Any]) -> Callable[[Message], Any]:
    return lambda message: wrap(get(message)) if message.HasField(name) else None


def strings(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    return tuple(node.sval for node in nodes if node.node_type == "String")


def dotted(nodes: tuple[Node, ...]) -> str:
    return ".".join(strings(nodes))


def relation(node: Node | None) -> str:
    """A RangeVar as written: "table" or "schema.table"."""
    if node is None:
        return ""
    return f"{node.schemaname}.{node.relname}" if node.schemaname else str(node.relname)


def only_of(*nodes: Node | None) -> frozenset[str]:
    """Those of the relations that are named with ONLY."""
    return frozenset(relation(node) for node in nodes if node is not None and not node.inh)


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
