"""Checks as values: those an author writes, the catalogue, which of it fits a change, and what an answer comes to.

Pure: the runner asks, and what it was told is judged here.
"""

from governance.validation.catalogue import CATALOGUE, Builtin, Entry
from governance.validation.files import parse_checks
from governance.validation.proposal import Proposal, builtin_checks, propose

__all__ = ["CATALOGUE", "Builtin", "Entry", "Proposal", "builtin_checks", "parse_checks", "propose"]
