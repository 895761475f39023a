"""A read-only view of the parse tree, so that nothing else depends on the form in which the parser hands it over."""

from collections.abc import Callable, Iterator
from functools import cache
from keyword import iskeyword
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

ENVELOPE = "Node"  # of the grammar: around one of its kinds of nodes


class Node:
    """A node of PostgreSQL's parse tree, with the grammar's own field names. Each kind of node is a class of its own, made when it is met.

    A field reads as a Node or None, a tuple of Nodes, a string, a number or a bool; an enumeration reads as its name.
    A field named like a Python keyword is read with an underscore behind it: `def_`.
    """

    __slots__ = ("_message",)
    node_type: ClassVar[str]
    is_leaf: ClassVar[bool]  # nothing can be below it

    def __init__(self, message: Message) -> None:
        self._message = message

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

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
            if not node.is_leaf:
                waiting.extend(reversed(node._below()))

    def _below(self) -> list["Node"]:
        found: list[Node | None] = []
        for field, value in self._message.ListFields():
            if field.message_type:
                found.extend(map(wrap, value) if field.is_repeated else (wrap(value),))
        return [node for node in found if node]


def wrap(message: Message) -> Node | None:
    """The node itself, without its envelope."""
    return _opened(message) if message.DESCRIPTOR.name == ENVELOPE else _bare(message)


def _opened(envelope: Message) -> Node | None:
    inner = envelope.WhichOneof("node")
    return _bare(getattr(envelope, inner)) if inner else None


def _bare(message: Message) -> Node:
    return _kind(message.DESCRIPTOR)(message)


@cache
def _kind(descriptor: Descriptor) -> type[Node]:
    """The class of such messages. Statements have the same few shapes over and over, so how their fields are read is found out once."""
    fields = {f"{field.name}_" if iskeyword(field.name) else field.name: property(_reader(field)) for field in descriptor.fields}
    leaf = not any(field.message_type for field in descriptor.fields)
    return type(descriptor.name, (Node,), {"__slots__": (), "node_type": descriptor.name, "is_leaf": leaf, **fields})


def _reader(field: FieldDescriptor) -> Callable[[Any], Any]:
    get = attrgetter(f"_message.{field.name}")
    if field.message_type:
        opened = _opened if field.message_type.name == ENVELOPE else _bare
        return _several(get, opened) if field.is_repeated else _optional(field.name, opened)
    if field.enum_type:
        names = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return lambda node: names[get(node)]
    return get


def _several(get: Callable[[Any], Any], opened: Callable[[Message], Node | None]) -> Callable[[Any], tuple[Node, ...]]:
    def read(node: Any) -> tuple[Node, ...]:
        messages = get(node)  # of most fields there are none
        return tuple([found for found in map(opened, messages) if found]) if messages else ()

    return read


def _optional(name: str, opened: Callable[[Message], Node | None]) -> Callable[[Any], Node | None]:
    def read(node: Any) -> Node | None:
        message = node._message
        return opened(getattr(message, name)) if message.HasField(name) else None

    return read


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
