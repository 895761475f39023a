"""A person before a browser, and what the browser complained about meanwhile."""

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import ConsoleMessage, Locator, Page, Response

WIDE, NARROW = (1400, 900), (390, 844)
GRAVE = {"serious", "critical"}
CONTRAST = {"runOnly": ["color-contrast"]}
# The page hears of its new size when it is drawn: what scrolls then can be reached by keyboard. The second frame begins behind the first.
DRAWN = "() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
# Whatever reaches beyond the window, innermost first, unless it stands in a box that scrolls by itself.
OVERFLOWING = """() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const contains = (e) => getComputedStyle(e).overflowX !== "visible";
    const scrolls = (e) => e && e !== document.body && (contains(e) || scrolls(e.parentElement));
    const beyond = [...document.body.querySelectorAll("*")]
        .filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1 && !scrolls(e.parentElement));
    return [`${root.scrollWidth} px in ${root.clientWidth}`, ...beyond.slice(-3).map((e) => e.outerHTML.slice(0, 120))];
}"""


@dataclass
class Desk:
    person: User | None
    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._receive)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _receive(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.url}: {response.status}")

    def open(self, path: str) -> Page:
        response = self.page.goto(path)
        assert response
        assert response.ok, f"{path}: {response.status}"
        return self.page

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True)

    def faults(self, *, new: bool) -> list[str]:
        """What is wrong with the open page, wide and narrow; with one that shows something new, in light and dark."""
        found = []
        for width, height in (WIDE, NARROW):
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.evaluate(DRAWN)
            found += [f"{width}: overflows: {each}" for each in self.page.evaluate(OVERFLOWING)]
            found += [f"{width}: {barrier}" for barrier in (self._barriers() if new else [])]
        return found

    def _barriers(self) -> list[str]:
        """Everything is examined in light; in the dark only the contrast is another."""
        light = _barriers(self.page, {})
        self.page.emulate_media(color_scheme="dark")
        dark = [f"dark: {barrier}" for barrier in _barriers(self.page, CONTRAST)]
        self.page.emulate_media(color_scheme="light")
        return light + dark


def _barriers(page: Page, options: dict[str, Any]) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False, **options}).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '').splitlines()[-1:]}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"][:3]
    ]
