"""Values that are made out of others by the thousand."""

import dataclasses
from typing import TYPE_CHECKING, TypeVar

__all__ = ["replace"]

V = TypeVar("V")

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value: V, /, **changes: object) -> V:
        """As dataclasses.replace() does it, and ten times as quick unless the class has slots. For values that are nothing but fields."""
        if not hasattr(value, "__dict__"):
            return dataclasses.replace(value, **changes)
        other = object.__new__(type(value))
        other.__dict__.update(value.__dict__, **changes)
        return other
