"""A read-only view of the parse tree, so that nothing else depends on the form in which the parser hands it over."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
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
        field = self._message.DESCRIPTOR.fields_by_name.get(name.removesuffix("_"))
        if field is None:
            raise AttributeError(f"{self.node_type} has no field {name}")
        return _value(self._message, field)

    def walk(self) -> Iterator["Node"]:
        """This node and everything below it, depth first, without recursion: a deep expression must not exhaust the stack."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(list(node._children())))

    def _children(self) -> Iterator["Node"]:
        for field, value in self._message.ListFields():
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                found = (value,) if isinstance(value, Message) else value
                yield from (node for node in map(wrap, found) if node)


def wrap(message: Message) -> Node | None:
    """The node itself: the grammar's `Node` is only an envelope around one of its kinds."""
    if message.DESCRIPTOR.name != "Node":
        return Node(message)
    inner = message.WhichOneof("node")
    return Node(getattr(message, inner)) if inner else None


def _value(message: Message, field: FieldDescriptor) -> Any:
    value = getattr(message, field.name)
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        if not isinstance(value, Message):
            return tuple(node for node in map(wrap, value) if node)
        return wrap(value) if message.HasField(field.name) else None
    if field.enum_type:
        return field.enum_type.values_by_number[value].name
    return value


def strings(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    return tuple(node.sval for node in nodes if node.node_type == "String")


def dotted(nodes: tuple[Node, ...]) -> str:
    return ".".join(strings(nodes))


def relation(node: Node | None) -> str:
    """A RangeVar as written: "table" or "schema.table"."""
    if node is None:
        return ""
    return f"{node.schemaname}.{node.relname}" if node.schemaname else str(node.relname)


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
