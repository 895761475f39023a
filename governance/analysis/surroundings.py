"""What else there is beside the target: who owns its tables, who uses them, and what runs in the same window."""

from collections.abc import Mapping
from dataclasses import field

from governance.orders import Script
from governance.values import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """A live client release and what it uses, as its contract or observation has it."""

    name: str  # "App 2.1"
    uses: Mapping[str, frozenset[str]]  # "schema.table" to columns; no columns: the table as a whole


@dataclass(frozen=True)
class Surroundings:
    domains: Mapping[str, str] = field(default_factory=dict)  # "schema.table" to the slug of the domain that owns it
    clients: tuple[Client, ...] = ()
    neighbours: tuple[Script, ...] = ()  # other scripts that are to run on the target in the same window


ALONE = Surroundings()
