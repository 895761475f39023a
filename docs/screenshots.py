"""Takes the pictures of the documentation from a running portal: `make screenshots`. Needs playwright and a Chromium."""

import argparse
import re
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

SIZES = {"": (1400, 900, "light"), "-dark": (1400, 900, "dark"), "-390": (390, 844, "light")}
LISTS = {"home": "/", "changes": "/governance/spec/", "runs": "/governance/run/"}
FIRST_ROW = "#result_list tbody th a"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portal", default="http://127.0.0.1:8000")
    parser.add_argument("--user", required=True, help="a sign-in that the demo printed")
    parser.add_argument("--password", required=True)
    parser.add_argument("--chromium", default=None, help="path of the browser, if playwright brought none")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / "screenshots")
    return parser.parse_args()


def sign_in(page: Page, portal: str, user: str, password: str) -> None:
    page.goto(f"{portal}/login/")
    page.fill("#id_username", user)
    page.fill("#id_password", password)
    page.click("input[type=submit]")


def take(page: Page, portal: str, into: Path, suffix: str) -> None:
    for name, address in LISTS.items():
        page.goto(portal + address)
        page.screenshot(path=into / f"{name}{suffix}.png")
        if page.locator(FIRST_ROW).count():
            page.goto(portal + str(page.locator(FIRST_ROW).first.get_attribute("href")))
            page.screenshot(path=into / f"{re.sub('s$', '', name)}{suffix}.png")


def main() -> None:
    asked = options()
    asked.into.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked.chromium)
        for suffix, (width, height, scheme) in SIZES.items():
            page = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()
            sign_in(page, asked.portal, asked.user, asked.password)
            take(page, asked.portal, asked.into, suffix)
        browser.close()


if __name__ == "__main__":
    main()
