"""Rules about who may see and do what."""

from collections.abc import Iterator

from governance.analysis.actions import Action, Kind
from governance.analysis.rule import Hit, Level, Read, hit, rule


@rule("weakens-security", Level.BLOCKING)
def weakens_security(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ROW_SECURITY, Kind.GRANT, Kind.DROP_POLICY):
        what = _weakening(place.action)
        if what and not (place.table and place.is_new and place.action.kind is not Kind.GRANT):
            yield hit(
                place,
                what,
                "Whoever can sign in to the database may then see or change rows that were out of reach before.",
            )


def _weakening(action: Action) -> str:
    match action.kind:
        case Kind.ROW_SECURITY if not action.enabled:
            return f"Row-level security no longer protects {action.relation}."
        case Kind.GRANT if "PUBLIC" in action.grantees:
            return f"Everybody gets rights on {action.relation or 'these objects'}: PUBLIC is every role, future ones included."
        case Kind.DROP_POLICY:
            return f"The policy {action.name} no longer protects {action.relation}."
    return ""
