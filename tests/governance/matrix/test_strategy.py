"""The strategy's own matrix, App 1.0 to 2.1 with Backend 1.0 to 2.1, comes out of what lies between its backends."""

import json
from pathlib import Path

from governance.analysis import Change, analyse
from governance.matrix import Client, Derivation, Part, Step, Use
from governance.matrix.plan import steps_of_part
from governance.versions import read_script
from tests.governance.matrix.scene import TODAY

INSTABIDS = Path(__file__).resolve().parents[3] / "fixtures" / "instabids"
BACKENDS = ["1.0", "1.1", "2.0", "2.1"]
PRICING = "ALTER TABLE public.bids ADD COLUMN pricing_model text NOT NULL DEFAULT 'fixed';"
LINES = """
CREATE TABLE public.bid_line_items (bid_id bigint NOT NULL REFERENCES public.bids, position int NOT NULL, amount_cents bigint NOT NULL);
CREATE FUNCTION public.bid_total_to_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER bid_total_to_line AFTER INSERT OR UPDATE ON public.bids FOR EACH ROW EXECUTE FUNCTION public.bid_total_to_line();
"""
FILL = "INSERT INTO public.bid_line_items SELECT id, 1, total_cents FROM public.bids;"
NO_TOTAL = "ALTER TABLE public.bids DROP COLUMN total_cents;"
MATERIAL = "ALTER TABLE public.bid_line_items ADD COLUMN material boolean;"


def steps(text: str) -> tuple[Step, ...]:
    script = read_script("V20260101_0900__change.sql", f"-- Purpose: p\n-- Impact: i\n{text}")
    return analyse(Change((script,)), None).steps


def at(place: int, change: str, found: tuple[Step, ...]) -> list[Step]:
    return [Step.from_json(step.as_json(), change=change, place=place) for step in found]


def between_the_backends() -> list[Step]:
    """1.1 adds the pricing model, 2.0 has line items beside the total, 2.1 adds to them; the total goes with a later one."""
    parts = {Part.EXPAND: steps(LINES), Part.MIGRATE: steps(FILL), Part.CONTRACT: steps(NO_TOTAL)}
    moved = [steps_of_part(part, parts) for part in (Part.EXPAND, Part.MIGRATE)]
    return [
        *at(1, "CHG-1", steps(PRICING)),
        *at(2, "CHG-2", moved[0]),
        *at(2, "CHG-2", moved[1]),
        *at(3, "CHG-3", steps(MATERIAL)),
        *at(4, "CHG-2", steps_of_part(Part.CONTRACT, parts)),
    ]


def clients() -> list[Client]:
    return [
        Client(
            each["name"],
            each["version"],
            tuple(Use(use["object"], use["reads"], use.get("writes", False)) for use in each["uses"]),
            complete=each["complete"],
            place=BACKENDS.index(each["made_for"]),
        )
        for each in json.loads((INSTABIDS / "clients.json").read_text())
    ]


def test_derivation_gives_the_strategys_sixteen_cells():
    derivation = Derivation(between_the_backends(), TODAY)

    derived = {
        (who.version, backend): str(derivation.row(who, {}, 5)[place].verdict)
        for who in clients()
        for place, backend in enumerate(BACKENDS)
    }

    given = json.loads((INSTABIDS / "matrix.json").read_text())["cells"]
    assert derived == {(cell["client"][1], cell["backend"]): cell["verdict"] for cell in given}


def test_every_cell_that_is_not_full_names_the_change_and_the_rule_behind_it():
    derivation = Derivation(between_the_backends(), TODAY)
    first, last = clients()[0], clients()[-1]

    old_app, new_app = derivation.row(first, {}, 5)[2], derivation.row(last, {}, 5)[0]

    assert {(ruling.change, ruling.rule, ruling.subject) for ruling in old_app.rulings} == {("CHG-2", "R7", "public.bids.total_cents")}
    assert {(ruling.change, ruling.rule) for ruling in new_app.rulings} == {("CHG-2", "R23")}


def test_the_contract_ends_the_old_app_and_not_the_new_one():
    derivation = Derivation(between_the_backends(), TODAY)

    after_contract = {who.version: str(derivation.row(who, {}, 5)[4].verdict) for who in clients()}

    assert after_contract == {"1.0": "no", "1.1": "no", "2.0": "full", "2.1": "full"}
