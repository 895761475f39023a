"""Values that are made by the thousand, and others out of them."""

import dataclasses
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

__all__ = ["cached_property", "dataclass", "replace"]

V = TypeVar("V")

if TYPE_CHECKING:
    from dataclasses import dataclass, replace
    from functools import cached_property
else:

    class cached_property:
        """As functools.cached_property, which takes a lock for each value before Python 3.12."""

        def __init__(self, work: Callable[[object], object]) -> None:
            self.work, self.name, self.__doc__ = work, work.__name__, work.__doc__

        def __get__(self, instance: object | None, _kind: type) -> object:
            if instance is None:
                return self
            found = instance.__dict__[self.name] = self.work(instance)
            return found

    def dataclass(*, frozen: bool = False, slots: bool = False) -> Callable[[type[V]], type[V]]:
        """As dataclasses.dataclass() does it, but that nobody assigns to a field is held by the type checker alone: the guard against it at
        run time takes five sixths of the time in which a value is made."""
        return dataclasses.dataclass(slots=slots, unsafe_hash=frozen)

    def replace(value: V, /, **changes: object) -> V:
        """As dataclasses.replace() does it, and several times as quick. For values of this module that are nothing but fields."""
        kind = type(value)
        if hasattr(value, "__dict__"):
            other = object.__new__(kind)
            other.__dict__ = value.__dict__ | changes
            return other
        other = kind(*_fields(kind)(value))
        for name, new in changes.items():
            setattr(other, name, new)
        return other


@cache
def _fields(kind: type) -> Callable[[object], tuple[object, ...]]:
    """Of a class with two fields or more."""
    return attrgetter(*(field.name for field in dataclasses.fields(kind)))
