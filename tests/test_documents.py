"""README and docs lead to what is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?P<place>[^)#\s]+)[^)]*\)")


def links(document: Path) -> Iterator[Path]:
    """To files of the project."""
    for found in LINK.finditer(document.read_text()):
        if "://" not in found["place"]:
            yield document.parent / found["place"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(document):
    assert [str(place) for place in links(document) if not place.exists()] == []


def test_links_are_found():
    assert ROOT / "governance/lifecycle.py" in links(ROOT / "README.md")
