"""Which changes wait for which, as a picture and as a list."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from governance.lifecycle import PhaseStatus
from governance.models import Dependency, DependencyKind, Spec
from governance.ordering import footprints
from governance.sequence import layers, locked_by_both

COLUMN, ROW, WIDTH, HEIGHT = 260, 56, 200, 36
MOST = 60  # changes in the picture
LONGEST = 24  # characters of a title there


def sequence_page() -> dict[str, Any]:
    """Of changes that are under way; what is done waits for nobody."""
    open_ones = {spec.pk: spec for spec in Spec.objects.filter(phases__status=PhaseStatus.OPEN).distinct()}
    links = [row for row in Dependency.objects.order_by("pk") if {row.spec_id, row.other_id} <= open_ones.keys()]
    found = layers(_edges(links))
    places = _places(found)
    return {
        "layers": [[_change(open_ones[key], links, open_ones) for key in layer] for layer in found],
        "shared": _shared(open_ones),
        "nodes": [_node(open_ones[key], place) for key, place in places.items()],
        "lines": [
            _line(places[row.other_id], places[row.spec_id], row.kind) for row in links if {row.spec_id, row.other_id} <= places.keys()
        ],
        "width": max((x for x, _ in places.values()), default=0) + WIDTH + 4,
        "height": max((y for _, y in places.values()), default=0) + HEIGHT + 4,
    }


def _edges(links: Iterable[Dependency]) -> dict[int, set[int]]:
    """By change, what it requires; those that only conflict stand beside each other."""
    found: dict[int, set[int]] = {}
    for row in links:
        found.setdefault(row.other_id, set())
        found.setdefault(row.spec_id, set()).update({row.other_id} if row.kind == DependencyKind.REQUIRES else ())
    return found


def _places(found: Iterable[Iterable[int]]) -> dict[int, tuple[int, int]]:
    """Left and top, layer by layer from left to right."""
    places = {key: (2 + COLUMN * column, 2 + ROW * row) for column, layer in enumerate(found) for row, key in enumerate(layer)}
    return dict(list(places.items())[:MOST])


def _node(spec: Spec, place: tuple[int, int]) -> dict[str, Any]:
    title = spec.title if len(spec.title) <= LONGEST else f"{spec.title[: LONGEST - 1]}…"
    return {"x": place[0], "y": place[1], "number": spec.number, "title": title, "whole": spec.title, "url": _url(spec)}


def _line(begin: tuple[int, int], end: tuple[int, int], kind: str) -> dict[str, Any]:
    """From what is required to what requires it; a conflict from below one to the other."""
    left: tuple[float, float]
    right: tuple[float, float]
    left, right = (begin[0] + WIDTH, begin[1] + HEIGHT / 2), (end[0], end[1] + HEIGHT / 2)
    if kind != DependencyKind.REQUIRES:
        left, right = (begin[0] + WIDTH / 2, begin[1] + HEIGHT / 2), (end[0] + WIDTH / 2, end[1] + HEIGHT / 2)
    return {
        "x1": left[0],
        "y1": left[1],
        "x2": right[0],
        "y2": right[1],
        "look": "requires" if kind == DependencyKind.REQUIRES else "conflicts",
    }


def _change(spec: Spec, links: Iterable[Dependency], known: Mapping[int, Spec]) -> dict[str, Any]:
    own = [
        {
            "kind": row.kind,
            "number": known[row.other_id].number,
            "title": known[row.other_id].title,
            "url": _url(known[row.other_id]),
            "why": row.found,
        }
        for row in links
        if row.spec_id == spec.pk
    ]
    return {"number": spec.number, "title": spec.title, "url": _url(spec), "links": own}


def _shared(open_ones: Mapping[int, Spec]) -> list[dict[str, Any]]:
    """Tables that several changes lock so that others wait: those changes go one after the other."""
    known = [each for key, each in sorted(footprints(without_statements=False).items()) if key in open_ones]
    by_table: dict[str, set[int]] = {}
    for position, one in enumerate(known):
        for other in known[position + 1 :]:
            for table in locked_by_both(one, other):
                by_table.setdefault(table, set()).update({one.change, other.change})
    return [
        {"table": table, "changes": [{"number": open_ones[key].number, "url": _url(open_ones[key])} for key in sorted(keys)]}
        for table, keys in sorted(by_table.items())
    ]


def _url(spec: Spec) -> str:
    return reverse("admin:governance_spec_change", args=[spec.pk])
