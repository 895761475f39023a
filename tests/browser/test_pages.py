"""Every page, as everybody, wide and narrow, light and dark: no barrier, nothing cut off, no complaint."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User

from tests.addresses import Address, every_address
from tests.browser.conftest import client_of
from tests.browser.markup import ways

PARTS = ("changes", "runs", "records", "lists", "rest")


def part_of(address: Address) -> str:
    if address.route.startswith(("governance/spec/", "approve/", "changes/")):
        return "changes"
    if "run" in address.route:
        return "runs"
    if "object_id" in address.route:
        return "records"
    return "lists" if address.route.startswith("governance/") else "rest"


def pages_for(person: User | None, addresses: list[Address]) -> Iterator[tuple[str, set[str]]]:
    """Those that are pages for this person, not files, fragments, refusals or steps on the way to a page; and what each looks like."""
    client = client_of(person)
    for address in addresses:
        answer = client.get(address.path)
        if answer.status_code == 200 and b"<html" in answer.content:
            yield address.path, ways(answer.content.decode())


@pytest.mark.parametrize("part", PARTS)
def test_no_page_has_a_barrier_or_is_cut_off(part, sit, cast):
    """An operator opens all of them; everybody else those on which something is that nobody has seen yet."""
    everybody = [cast.operator, *User.objects.exclude(username__in=["otto", "ravi"]), None]
    addresses = [address for address in every_address() if part_of(address) == part]
    seen: set[str] = set()
    faults: list[str] = []

    for person in everybody:
        desk = sit(person)
        for path, look in pages_for(person, addresses):
            if person == cast.operator or not look <= seen:
                desk.open(path)
                faults += [f"{person} {path} {fault}" for fault in desk.faults(new=not look <= seen)]
                seen |= look

    assert not faults, "\n".join(faults)
