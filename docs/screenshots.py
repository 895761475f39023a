"""Takes the pictures of the documentation from the running demonstration. Needs playwright and a Chromium:

python docs/screenshots.py --password … [--chromium /usr/bin/chromium]
"""

import argparse
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

WIDTH, HEIGHT = 1400, 900
CHANGE = "Index messages by sender"  # the demonstration's change with blocking findings
FIRST_ROW = "#result_list tbody th a"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--portal", default="http://127.0.0.1:8000")
    parser.add_argument("--user", default="ingrid", help="a sign-in that the demo printed")
    parser.add_argument("--password", required=True, help="the password that the demo printed")
    parser.add_argument("--chromium", default=None, help="path of the browser, if playwright brought none")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / "images")
    return parser.parse_args()


def sign_in(page: Page, portal: str, user: str, password: str) -> None:
    page.goto(f"{portal}/login/")
    page.fill("#id_username", user)
    page.fill("#id_password", password)
    page.click("input[type=submit]")


def first_row(page: Page, address: str) -> str:
    page.goto(address)
    return str(page.locator(FIRST_ROW).first.get_attribute("href")).partition("?")[0]


def take(page: Page, portal: str, into: Path) -> None:
    change = first_row(page, f"{portal}/governance/spec/?q={CHANGE}")
    run = first_row(page, f"{portal}/governance/run/?kind__exact=deploy&status__exact=succeeded")
    for name, address in {"home": "/", "change": f"{change}?tab=scripts", "run": run}.items():
        page.goto(portal + address)
        page.evaluate("document.fonts.ready")
        page.screenshot(path=into / f"{name}.png")


def main() -> None:
    asked = options()
    asked.into.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked.chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light").new_page()
        sign_in(page, asked.portal, asked.user, asked.password)
        take(page, asked.portal, asked.into)
        browser.close()


if __name__ == "__main__":
    main()
