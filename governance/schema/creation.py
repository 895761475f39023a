"""A whole schema as SQL."""

from governance.schema.alteration import UNCHECKED, alter
from governance.schema.model import Kind, Schema

_PUBLIC = (Kind.SCHEMA, "public")


def create(schema: Schema) -> tuple[str, ...]:
    """Statements that make the schema in an empty database, in an order that works, for a superuser; in one transaction or not.

    Roles have to be there. Extensions have the version that the server offers, tables its usual tablespace, and no index is
    invalid. What cannot be made from a snapshot is left out: `alter(Schema(()), schema).unsupported` names it.
    """
    statements = alter(Schema(()), schema).statements
    without = () if _PUBLIC in schema.by_key() else ("DROP SCHEMA IF EXISTS public",)
    return (UNCHECKED.replace("LOCAL ", ""), *without, *(text for text in statements if text != UNCHECKED))
