"""A real Chromium for tests. Its fixtures come with tests/conftest.py."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from config.embedded.chromium import program
from tests.database import let_others_end
from tests.processes import CEILING_SECONDS

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]

# What htmx says of a request under way when its page is left; one that fails is said as `htmx:sendError` too.
CUT_OFF = ("htmx:afterRequest,", "htmx:sendAbort,")


# Nothing is under way, now and at the look before: what htmx has fetched may make it fetch more.
IS_SETTLED = """() => {
    const busy = document.fonts.status !== "loaded"
        || document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added");
    window.looksInPeace = busy ? 0 : (window.looksInPeace || 0) + 1;
    return window.looksInPeace > 2;
}"""


class NewPage(Protocol):
    """Opens a page of its own context (no cookies of others) on the site at `address`, or of that of another page."""

    def __call__(
        self, address: str, *, width: int = 1440, dark: bool = False, beside: Page | None = None
    ) -> Page: ...


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once. Missing, it fails the test: a journey is never left out silently."""
    if not os.access(program(), os.X_OK):
        pytest.fail(
            f"The journeys need Chromium at {program()}: apt-get install chromium, or run make test as root"
        )
    # The synchronous API runs an event loop in this thread, which makes Django refuse the ORM otherwise.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        expect.set_options(timeout=20_000)  # patience costs nothing; an overloaded machine is slow
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What browsers complained about in this test: script errors, CSP violations, failed requests."""
    return []


@pytest.fixture
def new_page(browser: Browser, complaints: list[str]) -> Iterator[NewPage]:
    """A maker of pages. At the end the test fails if a browser complained (empty `complaints` to allow it)."""
    contexts: list[BrowserContext] = []

    def make(address: str, *, width: int = 1440, dark: bool = False, beside: Page | None = None) -> Page:
        context = beside.context if beside else _context(browser, address, width, dark)
        if context not in contexts:
            contexts.append(context)
        page = context.new_page()
        _listen(page, complaints.append)
        return page

    yield make
    for context in contexts:
        context.close()
    let_others_end()
    assert complaints == []


def _context(browser: Browser, address: str, width: int, dark: bool) -> BrowserContext:
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 900 if width > 600 else 844},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    context.set_default_timeout(CEILING_SECONDS * 1000)
    return context


def settle(page: Page) -> None:
    """Wait until the page and all that it fetches by itself is there. (`networkidle` waits half a second more.)"""
    page.wait_for_load_state("load")
    page.wait_for_function(IS_SETTLED, polling=25)


OF_THE_LOOK = ("color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable")
"""The rules of axe whose answer depends on width and colours; the others ask the same document the same again."""


def violations(page: Page, *, is_first_look: bool = True) -> list[tuple[str, list[Any]]]:
    """What axe finds; without preloading, which would ask for style sheets in a way that the CSP refuses.

    Only of violations every node is described, which is half of axe's work. A page that is looked at in another width
    or in the dark after a first look is asked for the rules of the look alone.
    """
    options: dict[str, Any] = {"preload": False, "resultTypes": ["violations"]}
    if not is_first_look:
        options["runOnly"] = {"type": "rule", "values": list(OF_THE_LOOK)}
    found = Axe().run(page, options=options).response["violations"]
    return [(v["id"], [node["target"] for node in v["nodes"]]) for v in found]


def _listen(page: Page, complain: Callable[[str], None]) -> None:
    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(CUT_OFF):
            complain(f"{message.text} ({message.location.get('url', page.url)})")

    page.on("console", hear)
    page.on("pageerror", lambda error: complain(str(error)))
