"""A read-only view of the parse tree, so that nothing else depends on the form in which the parser hands it over."""

from collections.abc import Callable, Iterator
from functools import cache
from keyword import iskeyword
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

ENVELOPE = "Node"  # of the grammar: around one of its kinds of nodes
Opening = Callable[[Message], "Node | None"]


class Node:
    """A node of PostgreSQL's parse tree, with the grammar's own field names. Each kind of node is a class of its own, made when it is met.

    A field reads as a Node or None, a tuple of Nodes, a string, a number or a bool; an enumeration reads as its name.
    A field named like a Python keyword is read with an underscore behind it: `def_`.
    """

    node_type: ClassVar[str]
    parts: ClassVar[dict[FieldDescriptor, Opening]]  # the fields that hold nodes, and how one in each of them is opened

    def __init__(self, message: Message) -> None:
        self._message = message

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def copy_into(self, envelope: Message) -> None:
        """Into the grammar's `Node`, as a field of its kind."""
        getattr(envelope, _field_of(envelope.DESCRIPTOR, self._message.DESCRIPTOR)).CopyFrom(self._message)

    def copy_over(self, other: Message) -> None:
        """One of its own kind in another tree."""
        other.CopyFrom(self._message)

    def walk(self) -> Iterator["Node"]:
        """This node and everything below it, depth first, without recursion: a deep expression must not exhaust the stack."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            if node.parts:
                waiting.extend(reversed(node._below()))

    def _below(self) -> list["Node"]:
        found: list[Node | None] = []
        for field, value in self._message.ListFields():
            opening = self.parts.get(field)
            if opening is None:
                continue
            if field.is_repeated:
                found.extend(map(opening, value))
            else:
                found.append(opening(value))
        return [node for node in found if node]


class Once:
    """A field that is taken out of the message when it is first read; from then on the node has it as an attribute like any other."""

    def __init__(self, name: str, taken: Callable[[Message], Any]) -> None:
        self.name = name
        self.taken = taken

    def __get__(self, node: Node, _kind: type[Node]) -> Any:
        value = self.taken(node._message)
        setattr(node, self.name, value)
        return value


def opened(envelope: Message) -> Node | None:
    """The node itself, without its envelope."""
    inner = envelope.WhichOneof("node")
    if inner is None:
        return None
    message = getattr(envelope, inner)
    return _kind(message.DESCRIPTOR)(message)


def _bare(message: Message) -> Node:
    return _kind(message.DESCRIPTOR)(message)


@cache
def _kind(descriptor: Descriptor) -> type[Node]:
    """The class of such messages. Statements have the same few shapes over and over, so how their fields are read is found out once."""
    parts = {field: opened if field.message_type.name == ENVELOPE else _bare for field in descriptor.fields if field.message_type}
    names = ((f"{field.name}_" if iskeyword(field.name) else field.name, field) for field in descriptor.fields)
    fields = {name: _reader(name, field, parts.get(field)) for name, field in names}
    return type(descriptor.name, (Node,), {"node_type": descriptor.name, "parts": parts, **fields})


def _reader(name: str, field: FieldDescriptor, opening: Opening | None) -> property | Once:
    if opening:
        return Once(name, _several(field.name, opening) if field.is_repeated else _optional(field.name, opening))
    if field.enum_type:
        names = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return Once(name, lambda message: names[getattr(message, field.name)])
    return property(attrgetter(f"_message.{field.name}"))


def _several(name: str, opening: Opening) -> Callable[[Message], tuple[Node, ...]]:
    def taken(message: Message) -> tuple[Node, ...]:
        messages = getattr(message, name)  # of most fields there are none
        return tuple([found for found in map(opening, messages) if found]) if messages else ()

    return taken


def _optional(name: str, opening: Opening) -> Callable[[Message], Node | None]:
    return lambda message: opening(getattr(message, name)) if message.HasField(name) else None


@cache
def _field_of(envelope: Descriptor, kind: Descriptor) -> str:
    return next(str(field.name) for field in envelope.fields if field.message_type is kind)


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
