"""A portal that serves, people who sit before a browser, and a watch over what the browser complains about."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import Client
from playwright.sync_api import Browser, expect, sync_playwright

from portal.embedded import EmbeddedServer
from tests import factories
from tests.browser.desk import WIDE, Desk
from tests.databases import copy_of, default_database
from tests.factories import Cast

# Playwright's synchronous interface keeps an event loop on this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
FAILURES = Path(__file__).parent / "failures"
PATIENCE = 10_000  # milliseconds that a page may take to show what is expected of it
Sit = Callable[[User | None], Desk]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's, or the one that Playwright brought; CHROMIUM names another."""
    expect.set_options(timeout=PATIENCE)
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()


@contextmanager
def serving() -> Iterator[str]:
    """The portal's own application on a free port, on the database that is the default one now."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler, allow_reuse_address=False)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def portal(request: pytest.FixtureRequest, server: EmbeddedServer, django_db_blocker: Any) -> Iterator[str]:
    """Address of a portal of its own for this test; @pytest.mark.empty: one that nobody has used yet."""
    template = request.getfixturevalue("portal_template" if request.node.get_closest_marker("empty") else "world_template")
    with (
        copy_of(server, template, f"portal_{factories.unique()}") as url,
        default_database(url),
        django_db_blocker.unblock(),
        serving() as address,
    ):
        yield address


@pytest.fixture
def cast(portal: str) -> Cast:
    return factories.find_cast()


@pytest.fixture
def sit(portal: str, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Sit]:
    """A person sits down before a browser; at the end of the test none may have complained."""
    desks: list[Desk] = []
    with ExitStack() as contexts:

        def seat(person: User | None) -> Desk:
            size = {"width": WIDE[0], "height": WIDE[1]}
            context = chromium.new_context(base_url=portal, viewport=size, reduced_motion="reduce", color_scheme="light", locale="en-GB")
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE)
            if person:
                session = client_of(person).cookies["sessionid"].value
                context.add_cookies([{"name": "sessionid", "value": session, "url": portal}])
            desks.append(Desk(person, context.new_page()))
            return desks[-1]

        yield seat
        _keep_failure(request.node, desks)
        complaints = [complaint for desk in desks for complaint in desk.complaints]
    assert not complaints, "\n".join(complaints)


def client_of(person: User | None) -> Client:
    client = Client()
    if person:
        client.force_login(person)
    return client


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


FAILED = pytest.StashKey[bool]()


def _keep_failure(test: pytest.Item, desks: list[Desk]) -> None:
    """What everybody saw when the test failed."""
    if not test.stash.get(FAILED, False):
        return
    FAILURES.mkdir(exist_ok=True)
    for number, desk in enumerate(desks):
        desk.page.screenshot(path=FAILURES / f"{test.name}-{number}.png", full_page=True)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "empty: the test finds a portal that nobody has used yet")
