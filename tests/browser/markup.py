"""What a page looks like apart from its words."""

from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Ways(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        step = ".".join([tag, dict(attrs).get("class") or "", *sorted(name for name, _ in attrs)])
        self.found.add(">".join([*self.open, step]))
        if tag not in VOID:
            self.open.append(step)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Closes whatever was left open inside, as browsers do."""
        at = max((position for position, step in enumerate(self.open) if step.split(".")[0] == tag), default=None)
        if at is not None:
            del self.open[at:]


def ways(html: str) -> set[str]:
    """Every element as the way down to it: tags, classes, names of attributes. Pages of the same ones look alike, whatever their words."""
    parser = _Ways()
    parser.feed(html)
    return parser.found
