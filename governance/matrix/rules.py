"""What each effect means for a client that reads or writes what it touches. R16 and R23 are in `derivation`, R18 to R20 in `gate`.

A rule looks at one step and one client, and answers for readers and for writers of the step's objects.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from governance.matrix.clients import Client
from governance.matrix.steps import Effect, Part, Step
from governance.matrix.verdicts import BADNESS, Compatibility

FULL, PARTIAL, UNKNOWN, NO = Compatibility.FULL, Compatibility.PARTIAL, Compatibility.UNKNOWN, Compatibility.NO
Opinion = tuple[Compatibility, str]
Judge = Callable[[Step, Client], Opinion]
FINE: Opinion = (FULL, "")
DOUBLE_BITS = 53
OTHER_READERS = "Release a client that reads the new form."
OTHER_WRITERS = "Release a client that writes the new form, or keep both forms in step until all clients do."


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    reader: Judge
    writer: Judge
    way_out: str = ""

    def opinion(self, step: Step, client: Client, *, reads: bool, writes: bool) -> Opinion:
        """The worse one of those that apply."""
        asked = [judge(step, client) for judge, holds in ((self.reader, reads), (self.writer, writes)) if holds]
        return max(asked, key=lambda opinion: BADNESS[opinion[0]], default=FINE)


def fine(step: Step, client: Client) -> Opinion:
    return FINE


def _always(verdict: Compatibility, text: str) -> Judge:
    return lambda step, client: (verdict, text)


def reads_something_new(step: Step, client: Client) -> Opinion:
    return (PARTIAL, "something is added, and it fails on what it does not know") if client.strict else FINE


def writes_under_new_demands(step: Step, client: Client) -> Opinion:
    first = step.served_to.get(client.name)
    if first and client.has_reached(first):
        return FINE
    if step.eased:
        return PARTIAL, "new rows have to meet a new demand, those there are need not"
    return NO, "its writes may be refused: they do not meet a new demand"


def reads_a_new_value(step: Step, client: Client) -> Opinion:
    if client.closed_values:
        return NO, "a new value comes, and it fails on values that it does not know"
    return PARTIAL, "a new value comes, which it does not know"


def writes_the_old_name(step: Step, client: Client) -> Opinion:
    return FINE if step.in_sync else (NO, "what it writes under the old name does not reach the new one")


def writes_while_names_move(step: Step, client: Client) -> Opinion:
    return FINE if step.caught_up else (PARTIAL, "readers of the new name see its writes late, by how much has not been checked")


def reads_the_old_form(step: Step, client: Client) -> Opinion:
    return FINE if step.viewed else (PARTIAL, "it sees the old form only, without what the new one adds")


def writes_the_old_form(step: Step, client: Client) -> Opinion:
    if step.in_sync:
        return PARTIAL, "it writes the old form, which is carried over to the new one"
    return NO, "what it writes in the old form does not reach the new one"


def _gone(text: str) -> Judge:
    return lambda step, client: FINE if shielded(step, client) else (NO, text)


def reads_a_form_that_is_gone(step: Step, client: Client) -> Opinion:
    return FINE if step.viewed and shielded(step, client) else (NO, "it reads a form that is gone")


def reads_wider_integers(step: Step, client: Client) -> Opinion:
    if step.bits <= client.integer_bits or client.integer_bits >= 64:
        return FINE
    limit = 2 ** (DOUBLE_BITS if client.integer_bits == DOUBLE_BITS else client.integer_bits - 1)
    if step.largest is not None and step.largest <= limit:
        return FINE
    return PARTIAL, f"numbers may come that do not fit into its {client.integer_bits} bits"


def writes_into_less(step: Step, client: Client) -> Opinion:
    if step.out_of_range is None:
        return UNKNOWN, "whether its values fit into the new type has not been looked at"
    if step.out_of_range:
        return NO, f"{step.out_of_range} of the values written so far do not fit into the new type"
    return PARTIAL, "values that do not fit into the new type are refused; none has been written so far"


def waits_for_a_lock(step: Step, client: Client) -> Opinion:
    if step.lock_seconds <= client.timeout:
        return FINE
    return PARTIAL, f"its writes wait up to {step.lock_seconds:g} s for a lock and give up after {client.timeout:g} s"


def shielded(step: Step, client: Client) -> bool:
    """R17. Whether its API version keeps the old contract; one that is past its sunset has been taken from `Client.api`."""
    return client.api is not None and step.change in client.api.shields


BEHAVES = _always(PARTIAL, "something behaves otherwise than it did")
OPAQUE = _always(UNKNOWN, "what the change does cannot be told from its text")
ADDITION = Rule("R1", reads_something_new, fine, "Let the client ignore fields that it does not know.")
RENAMING = {
    Part.EXPAND: Rule("R4", fine, writes_the_old_name, "Keep both names in step by a trigger or a view, and check it."),
    Part.MIGRATE: Rule("R5", fine, writes_while_names_move, "Check the lag of the synchronisation."),
    Part.CONTRACT: Rule("R6", _gone("it reads a name that is gone"), _gone("it writes to a name that is gone"), OTHER_READERS),
}
RULES: Mapping[tuple[Effect, Part], Rule] = {
    **{(Effect.ADD, part): ADDITION for part in Part},
    **{
        (Effect.TIGHTEN, part): Rule("R2", fine, writes_under_new_demands, "Add it NOT VALID, or give it a default, until clients comply.")
        for part in Part
    },
    **{
        (Effect.ADD_VALUE, part): Rule("R3", reads_a_new_value, fine, "Release a client that knows the value before it is written.")
        for part in Part
    },
    **{(Effect.RENAME, part): rule for part, rule in RENAMING.items()},
    **{
        (Effect.RESTRUCTURE, part): Rule("R7", reads_the_old_form, writes_the_old_form, OTHER_WRITERS)
        for part in (Part.EXPAND, Part.MIGRATE)
    },
    (Effect.RESTRUCTURE, Part.CONTRACT): Rule("R8", reads_a_form_that_is_gone, _always(NO, "it writes a form that is gone"), OTHER_WRITERS),
    **{
        (Effect.WIDEN, part): Rule("R9", reads_wider_integers, fine, "Release a client that reads 64-bit numbers, or send them as text.")
        for part in Part
    },
    (Effect.NARROW, Part.EXPAND): RENAMING[Part.EXPAND],
    (Effect.NARROW, Part.MIGRATE): RENAMING[Part.MIGRATE],
    (Effect.NARROW, Part.CONTRACT): Rule(
        "R10", _always(NO, "it reads values whose type or meaning changed"), writes_into_less, OTHER_READERS
    ),
    (Effect.REMOVE, Part.EXPAND): Rule("R11", fine, fine),
    (Effect.REMOVE, Part.MIGRATE): Rule("R12", _always(PARTIAL, "it reads something that is not kept up any more"), fine, OTHER_READERS),
    (Effect.REMOVE, Part.CONTRACT): Rule(
        "R13", _gone("it reads something that is removed"), _always(NO, "it writes something that is removed"), OTHER_READERS
    ),
    **{(Effect.BEHAVE, part): Rule("R14", BEHAVES, BEHAVES, "Try the client with the change, and send the result.") for part in Part},
    **{(Effect.STORE, part): Rule("R15", fine, waits_for_a_lock, "Do it without the lock, or when few write.") for part in Part},
    **{
        (Effect.OPAQUE, part): Rule("R22", OPAQUE, OPAQUE, "Write the statement so that it can be read, or declare what it does.")
        for part in Part
    },
}


def rule_for(step: Step) -> Rule:
    return RULES[step.effect, step.part]
